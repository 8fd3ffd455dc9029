import type { FailureKind } from '../kind.ts';

/** What the gateway says of a request before it comes as far as GraphQL. */
export const httpFailures = {
  ORIGIN_FORBIDDEN: {
    cause: 'A web page of another origin tried to ask the gateway.',
    cure: 'Ask from a page of the gateway, or name the origin of the page in KNEEPOINT_ORIGINS.',
    retryable: false,
  },
  HOST_FORBIDDEN: {
    cause: 'A gateway that listens on loopback was asked for under a name that is not of this machine.',
    cure: 'Ask for localhost or 127.0.0.1, or let KNEEPOINT_PUBLIC_URL name the address that users see.',
    retryable: false,
  },
  ROUTE_UNKNOWN: {
    cause: 'Nothing is served at this path by this method.',
    cure: 'Ask GraphQL at /graphql; addresses of uploads and downloads are used as they were given.',
    retryable: false,
  },
  SUBSCRIPTION_NEEDS_SOCKET: {
    cause: 'A subscription was asked for over plain HTTP.',
    cure: 'Subscribe over a WebSocket at the same path (subprotocol graphql-transport-ws), or ask for the run from time to time.',
    retryable: false,
  },
  JSON_TOO_DEEP: {
    cause: 'Variables or extensions are nested more deeply than anything that the schema takes.',
    cure: 'Send flatter JSON.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
