// What the phone page sends to Menshen, or offers for it. A Go test checks each against the schema.

export const mutations = {
  login: `mutation Login($code: String!, $appId: ID) {
  login(code: $code, appId: $appId) { accessToken refreshToken user { id } isNewUser }
}`,
  profile: `mutation DecryptProfile($encryptedData: String!, $iv: String!, $rawData: String, $signature: String) {
  decryptProfile(encryptedData: $encryptedData, iv: $iv, rawData: $rawData, signature: $signature) {
    profile { nickName avatarUrl gender }
  }
}`,
  other: `mutation DecryptOpenData($encryptedData: String!, $iv: String!) {
  decryptOpenData(encryptedData: $encryptedData, iv: $iv) {
    __typename
    ... on PhoneNumber { phoneNumber countryCode }
    ... on WeRunData { steps { date steps } }
    ... on ShareInfo { openGId }
    ... on OtherOpenData { json }
  }
}`,
  claim: `mutation ClaimScanLogin($id: ID!) {
  claimScanLogin(id: $id) { id status createdAt ipAddress userAgent }
}`,
  answer: `mutation AnswerScanLogin($id: ID!, $approve: Boolean!) {
  answerScanLogin(id: $id, approve: $approve) { status }
}`,
};
