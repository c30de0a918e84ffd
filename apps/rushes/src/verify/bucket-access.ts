import {
  bucketAccess,
  EnvironmentProblem,
  PAIRED_KEYS,
  parseEnvironment,
  type Environment,
} from "@rushes/lifecycle";
import { accessSettings, openStoredFiles, type StoredFiles } from "@rushes/video-store";
import { z } from "zod";
import { OperatorProblem } from "../operate/operator-api.ts";

const settingsSchema = z.object(bucketAccess).refine(PAIRED_KEYS.isPaired, PAIRED_KEYS.rule);

/** Which bucket it is stands in each record. @throws OperatorProblem when the environment cannot be used */
export function openBuckets(environment: Environment): StoredFiles {
  try {
    return openStoredFiles(accessSettings(parseEnvironment(settingsSchema, environment)));
  } catch (error) {
    if (error instanceof EnvironmentProblem) throw new OperatorProblem(error.message);
    throw error;
  }
}
