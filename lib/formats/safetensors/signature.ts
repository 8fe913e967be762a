/** Bytes of the header's length, which comes before the header. */
export const LENGTH_BYTES = 8;

/** The name of a file in an index. */
export const SHARD = /\.safetensors$/;
