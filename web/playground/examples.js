// The operations that stand ready in the playground's tabs. A Go test checks each against the schema.

const authorization = JSON.stringify({ Authorization: "Bearer PASTE accessToken HERE" }, null, 2);

/**
 * The tabs, in order: the query, and the text of the Variables and Headers panes.
 * login holds the variables of the first one: {code, appId?}.
 */
export function examples(login) {
  return [
    {
      query: `# A login code becomes a login state.
#
# The code stands in Variables below. It works once
# and for five minutes: the simulator's phone page,
# or wx.login() in the mini program, gives another.
# With several apps, add "appId" to Variables.

mutation Login($code: String!, $appId: ID) {
  login(code: $code, appId: $appId) {
    accessToken
    expiresAt
    refreshToken
    openId
    isNewUser
    user {
      id
    }
  }
}
`,
      variables: JSON.stringify(login, null, 2),
    },
    {
      query: `# Who is signed in, and where.
#
# Needs a login: open Headers below, and put the
# accessToken from Login after "Bearer ".

query Me {
  me {
    id
    profile {
      nickName
      avatarUrl
    }
    identities {
      appId
      openId
      linkedAt
    }
    sessions {
      id
      createdAt
      lastUsedAt
      userAgent
      current
    }
    createdAt
    loginCount
  }
}
`,
      headers: authorization,
    },
    {
      query: `# A refreshToken becomes a new pair of tokens.
#
# Each works once: keep the new one. No header is
# needed, the token speaks for itself.

mutation RefreshLogin($refreshToken: String!) {
  refreshLogin(refreshToken: $refreshToken) {
    accessToken
    expiresAt
    refreshToken
    refreshExpiresAt
  }
}
`,
      variables: JSON.stringify({ refreshToken: "PASTE refreshToken HERE" }, null, 2),
    },
    {
      query: `# Verify and open what WeChat encrypted, and keep
# the profile.
#
# On the simulator's phone page press Profile, copy
# "variables" and put it into Variables below.
# Needs a login, in Headers, as Me does.

mutation DecryptProfile(
  $encryptedData: String!
  $iv: String!
  $rawData: String
  $signature: String
) {
  decryptProfile(
    encryptedData: $encryptedData
    iv: $iv
    rawData: $rawData
    signature: $signature
  ) {
    user {
      id
    }
    profile {
      nickName
      avatarUrl
      gender
      updatedAt
    }
  }
}
`,
      variables: JSON.stringify({ encryptedData: "", iv: "", rawData: "", signature: "" }, null, 2),
      headers: authorization,
    },
  ];
}
