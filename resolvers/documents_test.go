package resolvers_test

import (
	"time"

	"menshen/wechat/wechattest"
)

// What the tests ask for, with every field of the answer.
const (
	profileFields = `nickName avatarUrl gender language city province country updatedAt`
	sessionFields = `id appId createdAt lastUsedAt expiresAt userAgent ipAddress current`
	phoneFields   = `phoneNumber { phoneNumber purePhoneNumber countryCode watermark { appId timestamp } }`
	userFields    = `id status blockedAt blockedReason role unionId ` + phoneFields + ` identities { appId openId linkedAt } profile { ` + profileFields + ` }
		createdAt lastLoginAt loginCount sessions { ` + sessionFields + ` }`
	payloadFields = `accessToken expiresAt expiresIn refreshToken refreshExpiresAt openId unionId isNewUser
		user { ` + userFields + ` }`

	loginDocument = `mutation($code: String!, $appId: ID, $profile: EncryptedDataInput) {
		login(code: $code, appId: $appId, profile: $profile) { ` + payloadFields + ` } }`
	refreshDocument    = `mutation($token: String!) { refreshLogin(refreshToken: $token) { ` + payloadFields + ` } }`
	logoutDocument     = `mutation($everywhere: Boolean! = false) { logout(everywhere: $everywhere) { endedSessions } }`
	revokeDocument     = `mutation($id: ID!) { revokeSession(id: $id) { id } }`
	meDocument         = `{ me { ` + userFields + ` } }`
	sessionKeyDocument = `{ sessionKey }`
	deleteMeDocument   = `mutation { deleteMe { id } }`
	bindDocument       = `mutation($code: String, $encryptedData: String, $iv: String) {
		bindPhoneNumber(code: $code, encryptedData: $encryptedData, iv: $iv) { user { ` + userFields + ` } } }`
	unbindDocument     = `mutation { unbindPhoneNumber { user { ` + userFields + ` } } }`
	updateDocument     = `mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { ` + userFields + ` } } }`
	blockDocument      = `mutation($id: ID!, $reason: String!) { blockUser(id: $id, reason: $reason) { user { ` + userFields + ` } } }`
	unblockDocument    = `mutation($id: ID!) { unblockUser(id: $id) { user { ` + userFields + ` } } }`
	roleDocument       = `mutation($id: ID!, $role: Role!) { setUserRole(id: $id, role: $role) { user { ` + userFields + ` } } }`
	revokeAllDocument  = `mutation($id: ID!) { revokeUserSessions(id: $id) { user { ` + userFields + ` } } }`
	unbindUserDocument = `mutation($id: ID!) { unbindUserPhoneNumber(id: $id) { user { ` + userFields + ` } } }`
	deleteDocument     = `mutation($id: ID!) { deleteUser(id: $id) { id } }`
	userDocument       = `query($id: ID, $unionId: String, $phoneNumber: String, $openId: String, $appId: ID) {
		user(id: $id, unionId: $unionId, phoneNumber: $phoneNumber, openId: $openId, appId: $appId) { ` + userFields + ` } }`
	pageFields    = `pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount`
	usersDocument = `query($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
		users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
			edges { cursor node { id } } ` + pageFields + ` } }`
	eventsDocument = `query($first: Int, $after: String, $filter: AuditEventFilter) {
		auditEvents(first: $first, after: $after, filter: $filter) {
			edges { cursor node { id at action actor userId ipAddress detail } } ` + pageFields + ` } }`
	activityDocument = `query($from: Date!, $to: Date!, $appId: ID) {
		userActivity(from: $from, to: $to, appId: $appId) { day newUsers activeUsers logins } }`
	scanFields         = `id status expiresAt createdAt ipAddress userAgent`
	createScanDocument = `mutation($appId: ID) { createScanLogin(appId: $appId) { id secret qrCode expiresAt } }`
	claimScanDocument  = `mutation($id: ID!) { claimScanLogin(id: $id) { ` + scanFields + ` login { openId } } }`
	answerScanDocument = `mutation($id: ID!, $approve: Boolean!) { answerScanLogin(id: $id, approve: $approve) { ` + scanFields + ` login { openId } } }`
	redeemScanDocument = `mutation($id: ID!, $secret: String!) { redeemScanLogin(id: $id, secret: $secret) { ` + scanFields + ` login { ` + payloadFields + ` } } }`
	onScanDocument     = `subscription($id: ID!, $secret: String!) { scanLogin(id: $id, secret: $secret) { ` + scanFields + ` login { openId } } }`
	onLoginDocument    = `subscription($appId: ID) { userLoggedIn(appId: $appId) { id loginCount ` + phoneFields + ` } }`

	nodeDocument    = `query($id: ID!) { node(id: $id) { __typename id } }`
	profileDocument = `mutation($encryptedData: String!, $iv: String!, $rawData: String, $signature: String) {
		decryptProfile(encryptedData: $encryptedData, iv: $iv, rawData: $rawData, signature: $signature) {
			profile { ` + profileFields + ` } user { ` + userFields + ` } } }`
	openDataDocument = `mutation($encryptedData: String!, $iv: String!) {
		decryptOpenData(encryptedData: $encryptedData, iv: $iv) {
			__typename
			... on UserInfo { profile { ` + profileFields + ` } openId unionId mark: watermark { appId timestamp } }
			... on PhoneNumber { phoneNumber purePhoneNumber countryCode watermark { appId timestamp } }
			... on WeRunData { steps { date steps } watermark { appId timestamp } }
			... on ShareInfo { openGId watermark { appId timestamp } }
			... on OtherOpenData { json watermark { appId timestamp } } } }`
)

// The answers. A null text is empty, a null instant zero.
type (
	payload struct {
		AccessToken, RefreshToken, OpenID, UnionID string
		ExpiresAt, RefreshExpiresAt                time.Time
		ExpiresIn                                  int
		IsNewUser                                  bool
		User                                       user
	}
	user struct {
		ID, UnionID, Status    string
		Role, BlockedReason    string
		BlockedAt              time.Time
		PhoneNumber            *phone
		Identities             []identity
		Profile                profile
		CreatedAt, LastLoginAt time.Time
		LoginCount             int
		Sessions               []session
	}
	phone struct {
		PhoneNumber, PurePhoneNumber, CountryCode string
		Watermark                                 *watermark
	}
	changed           struct{ User user } // a UserPayload
	connection[T any] struct {
		Edges    []edge[T]
		PageInfo struct {
			HasNextPage, HasPreviousPage bool
			StartCursor, EndCursor       string
		}
		TotalCount *int
	}
	edge[T any] struct {
		Cursor string
		Node   T
	}
	event struct {
		ID, Action, Actor, UserID, IPAddress, Detail string
		At                                           time.Time
	}
	activity struct {
		Day                           string
		NewUsers, ActiveUsers, Logins int
	}
	ticket struct {
		ID, Secret, QRCode string
		ExpiresAt          time.Time
	}
	scanLogin struct {
		ID, Status, IPAddress, UserAgent string
		ExpiresAt, CreatedAt             time.Time
		Login                            *payload
	}
	identity struct {
		AppID, OpenID string
		LinkedAt      time.Time
	}
	profile struct {
		NickName, AvatarURL, Gender, Language, City, Province, Country string
		UpdatedAt                                                      time.Time
	}
	session struct {
		ID, AppID, UserAgent, IPAddress  string
		CreatedAt, LastUsedAt, ExpiresAt time.Time
		Current                          bool
	}
	watermark struct {
		AppID     string
		Timestamp time.Time
	}
	openData struct {
		Typename                                  string `json:"__typename"`
		Profile                                   *profile
		OpenID, UnionID                           string
		PhoneNumber, PurePhoneNumber, CountryCode string
		Steps                                     []day
		OpenGID, JSON                             string
		Watermark                                 *watermark
		Mark                                      *watermark // of UserInfo, where it is never null and so needs another name
	}
	day struct {
		Date  time.Time
		Steps int
	}
)

// code is a fresh login code of a user of the first app.
func (s *server) code(name string) string {
	s.Helper()
	login, err := s.sim.Login(app, name)
	s.need(err)
	return login.Code
}

// rotatedCode is code with a new session_key.
func (s *server) rotatedCode(name string) string {
	s.Helper()
	login, err := s.sim.LoginRotating(app, name, true)
	s.need(err)
	return login.Code
}

// login logs a user of the first app in.
func (s *server) login(name string) payload {
	s.Helper()
	return s.loginTo(app, name)
}

// loginTo logs a user of an app in.
func (s *server) loginTo(app, name string) payload {
	s.Helper()
	login, err := s.sim.Login(app, name)
	s.need(err)
	return ask[payload](s, "", loginDocument, variables{"code": login.Code, "appId": app})
}

// openData is what the phone of a user of the first app encrypts.
func (s *server) openData(name, kind string, patch map[string]any) wechattest.OpenData {
	s.Helper()
	data, err := s.sim.Data(app, name, kind, patch)
	s.need(err)
	return data
}

// input is open data as arguments or as an EncryptedDataInput.
func input(d wechattest.OpenData) variables {
	v := variables{"encryptedData": d.EncryptedData, "iv": d.IV}
	if d.RawData != "" {
		v["rawData"], v["signature"] = d.RawData, d.Signature
	}
	return v
}

// calls is how often WeChat was asked for a session.
func (s *server) calls() int { return s.sim.Calls()[exchange] }
