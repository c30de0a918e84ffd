import { runStandIn } from "../../stand-in.ts";

process.stdout.write(`users=${process.env["BOARD_USERS"]}\n`);
runStandIn("board", process.env["BOARD_PORT"]);
