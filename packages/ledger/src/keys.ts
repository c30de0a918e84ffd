/**
 * Every key of Rushes starts with this prefix. The braces are a Redis Cluster hash tag: all keys live in one slot, so
 * that one script may touch any of them.
 */
export const KEY_PREFIX = "{rushes}";
