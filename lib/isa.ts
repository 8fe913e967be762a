/** The instruction sets that the engine has kernels for. */
export type Isa = 'avx512' | 'avx2' | 'neon' | 'scalar';

export const ISAS: readonly Isa[] = ['avx512', 'avx2', 'neon', 'scalar'];
