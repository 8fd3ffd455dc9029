import type { FailureKind } from '../kind.ts';

export const identityFailures = {
  UNAUTHENTICATED: {
    cause: 'A request says not who asks, or by a token that is unknown, expired or revoked.',
    cure: 'Log in with `kneepoint login`, or pass a valid token in KNEEPOINT_TOKEN or as `Authorization: Bearer`.',
    retryable: false,
  },
  FORBIDDEN: {
    cause: 'Who asks is known, and has no role that is allowed to do this, or none in this project.',
    cure: 'Ask an administrator of the project for a role that may.',
    retryable: false,
  },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    cause: "The issuer that vouches for people did not answer, so a person's token could not be verified.",
    cure: 'Check that KNEEPOINT_OIDC_ISSUER can be reached from the gateway; API tokens work without it.',
    retryable: true,
  },
  LOGIN_FAILED: {
    cause: 'A login was refused, was not confirmed in time, or this gateway knows no such way of logging in.',
    cure: 'Start again, or log in with a token: `kneepoint login --url URL --token -`.',
    retryable: false,
  },
  PROFILE_UNKNOWN: {
    cause: 'No profile has this name.',
    cure: 'Make one with `kneepoint login --profile NAME`.',
    retryable: false,
  },
  TOKEN_UNKNOWN: {
    cause: 'No token of this project has this id.',
    cure: 'List the tokens and pass the id of one.',
    retryable: false,
  },
  TOKEN_OPTION_INVALID: {
    cause: 'A token was asked for with a role, a name or an end that it cannot have.',
    cure: 'Pass a role that is not above your own, a name, and an end from a minute to ten years away.',
    retryable: false,
  },
  PROJECT_TAKEN: {
    cause: 'There is a project of this name.',
    cure: 'Choose another name.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
