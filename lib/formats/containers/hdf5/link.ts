/** An entry of a group: a name and its target. */
export type Link = Target & { readonly name: string /** By creation. */; readonly order?: number };

export type Target =
  | { readonly kind: 'hard'; readonly address: number | undefined }
  | { readonly kind: 'soft'; readonly target: string }
  | { readonly kind: 'external'; readonly file: string }
  | { readonly kind: 'other'; readonly type: number };
