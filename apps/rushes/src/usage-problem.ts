/** The command line, or the environment it is meant for, says something that cannot be understood. The message is for people. */
export class UsageProblem extends Error {
  override readonly name = "UsageProblem";
}
