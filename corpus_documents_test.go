package main

// introspectionQuery is getIntrospectionQuery of graphql-js 16 with every option
// on (https://github.com/graphql/graphql-js), as graphql-codegen sends it.
// GraphiQL's is a part of it.
const introspectionQuery = `
query IntrospectionQuery {
  __schema {
    description
    queryType { name kind }
    mutationType { name kind }
    subscriptionType { name kind }
    types { ...FullType }
    directives {
      name description isRepeatable locations
      args(includeDeprecated: true) { ...InputValue }
    }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) {
    name description
    args(includeDeprecated: true) { ...InputValue }
    type { ...TypeRef }
    isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
  name description
  type { ...TypeRef }
  defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type {
  kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
  } } } }
}`

// dashboard is a page of a dashboard that asks for everything there is.
const dashboard = `
query Dashboard {
  users(first: 100, orderBy: {field: LAST_LOGIN_AT, direction: DESC}) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges {
      cursor
      node {
        id status blockedAt blockedReason role unionId createdAt lastLoginAt loginCount
        identities { appId openId linkedAt }
        profile { nickName avatarUrl gender language city province country updatedAt }
        phoneNumber { phoneNumber purePhoneNumber countryCode watermark { appId timestamp } }
        sessions { id appId createdAt lastUsedAt expiresAt userAgent ipAddress current }
      }
    }
  }
  userActivity(from: "2026-11-01", to: "2026-11-21") { day newUsers activeUsers logins }
  auditEvents(first: 100) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id at action actor userId ipAddress detail } }
  }
}`
