/** What the tests use of a package that ships no types: a definition comes in, whether it is valid goes out. */
declare module 'asl-validator' {
  const validate: (definition: unknown) => { readonly isValid: boolean; errorsText(): string };
  export default validate;
}
