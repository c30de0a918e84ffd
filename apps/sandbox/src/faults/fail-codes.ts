/** The failure codes of the provider's page, then the other spellings met on its other pages. */
export const FAIL_CODES: Readonly<Record<string, string>> = {
  "Missing required parameter": "A required parameter is missing",
  "Invalid parameter type": "A parameter has the wrong type",
  "Invalid parameter value": "A parameter has an unsupported value",
  "Param length exceeded": "A parameter is longer than allowed",
  ImageNotAccess: "The input image could not be fetched",
  SensitiveContent: "Content violates upstream policy, please adjust the prompt",
  PromptInvalid: "The prompt was rejected",
  ProhibitedContentDetected: "Prohibited content was detected",
  NSFW: "The content failed a safety check",
  RateLimited: "Upstream rate limit was reached",
  Timeout: "Upstream service timed out",
  "Unknown error": "Upstream service returned an unmapped error",

  SensitiveContentDetected: "Sensitive content was detected",
  InputImageSensitiveContentDetected: "Sensitive content was detected in the input image",
  InputOutputSensitiveContentDetected: "Sensitive content was detected in the input or output",
  PromptLengthExceeded: "The prompt is too long",
  CONTENT_VIOLATION: "Content policy violation",
  NSFW_DETECTED: "NSFW content detected",
  PROMPT_TOO_LONG: "The prompt is too long",
  INVALID_PROMPT: "The prompt is invalid",
  INVALID_IMAGE_URL: "The image URL is invalid",
  IMAGE_TOO_LARGE: "The image is too large",
  UNSUPPORTED_FORMAT: "The image format is not supported",
  IMAGE_DOWNLOAD_FAILED: "The image could not be downloaded",
  PROCESSING_TIMEOUT: "Processing timed out",
  MODEL_UNAVAILABLE: "The model is temporarily unavailable",
  GENERATION_FAILED: "The generation failed",
  INSUFFICIENT_CREDITS: "Not enough credits",
};

/** The message that comes with a code; codes nobody documented have one too. */
export function failMessage(code: string): string {
  return FAIL_CODES[code] ?? "Upstream service returned an error";
}
