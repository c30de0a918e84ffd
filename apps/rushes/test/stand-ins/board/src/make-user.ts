import { text } from "node:stream/consumers";

// Like the board's own: the name and the role as arguments, the password on standard input.

const password = await text(process.stdin);
const [name, role] = process.argv.slice(2);
process.stdout.write(`${name}:${role}:hash-of-${password.trim().length}-characters\n`);
