/** Bytes in order, pulled one chunk at a time, so that nothing is read that nobody has asked for. */
export type ByteSource = {
  /** How many there will be; null when the other side did not say. */
  readonly lengthBytes: number | null;
  /** The next chunk, never empty; null at the end and ever after. Calls must not overlap. */
  read(): Promise<Buffer | null>;
  /** Gives back sockets and files. May be called at any time and more than once. */
  close(): void;
};
