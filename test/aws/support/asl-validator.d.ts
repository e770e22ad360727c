/** What the tests use of a package that ships no types. */
declare module 'asl-validator' {
  const validate: (definition: unknown) => { readonly isValid: boolean; errorsText(): string };
  export default validate;
}
