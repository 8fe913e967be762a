/** Whether tests that sweep through many like cases take all of them, as the environment says with FORWARDPASS_TESTS=thorough. */
export const THOROUGH = process.env.FORWARDPASS_TESTS === 'thorough';
