import { runStandIn } from "../../stand-in.ts";

if (process.env["STAND_IN_DIES"] === "worker") throw new Error("the worker stand-in dies as told");
runStandIn("worker", process.env["HEALTH_PORT"]);
