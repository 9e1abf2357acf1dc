// The operations that stand ready in the playground's tabs. A Go test checks each against the schema.

const authorization = JSON.stringify({ Authorization: "Bearer PASTE accessToken HERE" }, null, 2);
const ticket = JSON.stringify({ id: "PASTE id HERE", secret: "PASTE secret HERE" }, null, 2);
const scanned = JSON.stringify({ id: "PASTE id HERE" }, null, 2);

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
    {
      query: `# Scan login, on the web page: open a ticket.
#
# Put qrCode into an <img> and keep the secret. The
# page /playground/scan does all of this.
# With several apps, add "appId" to Variables.

mutation CreateScanLogin($appId: ID) {
  createScanLogin(appId: $appId) {
    id
    secret
    qrCode
    expiresAt
  }
}
`,
    },
    {
      query: `# Scan login, on the web page: wait for the phone.
#
# The answer changes with the ticket, until it is
# redeemed, denied or expired. The square button
# ends it. Needs id and secret of CreateScanLogin.

subscription FollowScanLogin($id: ID!, $secret: String!) {
  scanLogin(id: $id, secret: $secret) {
    status
    expiresAt
  }
}
`,
      variables: ticket,
    },
    {
      query: `# Scan login, in the mini program: I scanned this.
#
# Shows where the web page was opened. Needs a
# login, in Headers, as Me does.

mutation ClaimScanLogin($id: ID!) {
  claimScanLogin(id: $id) {
    status
    createdAt
    ipAddress
    userAgent
  }
}
`,
      variables: scanned,
      headers: authorization,
    },
    {
      query: `# Scan login, in the mini program: let the web page
# in, or refuse with "approve": false.
#
# Only for the user who claimed the ticket.

mutation AnswerScanLogin($id: ID!, $approve: Boolean!) {
  answerScanLogin(id: $id, approve: $approve) {
    status
  }
}
`,
      variables: JSON.stringify({ id: "PASTE id HERE", approve: true }, null, 2),
      headers: authorization,
    },
    {
      query: `# Scan login, on the web page: take the login, once,
# when the ticket is APPROVED. Before that it only
# tells the status.

mutation RedeemScanLogin($id: ID!, $secret: String!) {
  redeemScanLogin(id: $id, secret: $secret) {
    status
    login {
      accessToken
      refreshToken
      user {
        id
      }
    }
  }
}
`,
      variables: ticket,
    },
    {
      query: `# Each user as they log in, live, for a dashboard.
#
# Needs the admin key, in Headers after "Bearer ".
# The square button ends it.

subscription UserLoggedIn($appId: ID) {
  userLoggedIn(appId: $appId) {
    id
    loginCount
    profile {
      nickName
    }
  }
}
`,
      headers: JSON.stringify({ Authorization: "Bearer PASTE admin key HERE" }, null, 2),
    },
  ];
}
