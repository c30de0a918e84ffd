import { runStandIn } from "../../stand-in.ts";

runStandIn("sandbox", process.env["PORT"]);
