export { GraphQLDateTimeISO as DateTime, GraphQLJSON as Json, GraphQLSafeInt as SafeInt } from 'graphql-scalars';
