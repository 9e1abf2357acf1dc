package wechattest

import "fmt"

// errcode is WeChat's number for a failure. As an error it is what an
// endpoint answers with.
type errcode int

const (
	errSystem        errcode = -1
	errCredential    errcode = 40001
	errGrantType     errcode = 40002
	errOpenID        errcode = 40003
	errAppID         errcode = 40013
	errAccessToken   errcode = 40014
	errCode          errcode = 40029
	errURL           errcode = 40066
	errArgs          errcode = 40097
	errAppSecret     errcode = 40125
	errScene         errcode = 40129
	errCodeUsed      errcode = 40163
	errSceneLength   errcode = 40169
	errNoAccessToken errcode = 41001
	errNoAppID       errcode = 41002
	errNoAppSecret   errcode = 41004
	errNoCode        errcode = 41008
	errPage          errcode = 41030
	errTokenExpired  errcode = 42001
	errRequireGET    errcode = 43001
	errRequirePOST   errcode = 43002
	errOtherApp      errcode = 43104
	errEmptyBody     errcode = 44002
	errBodySize      errcode = 45002
	errDailyQuota    errcode = 45009
	errMinuteQuota   errcode = 45011
	errFormat        errcode = 47001
	errInactive      errcode = 61010
	errNoSessionKey  errcode = 87007
	errSigMethod     errcode = 87008
	errSignature     errcode = 87009
)

// errmsgs are WeChat's own texts. A code without a name is brought about
// by a Fault alone.
var errmsgs = map[errcode]string{
	errSystem:        "system error",
	errCredential:    "invalid credential, access_token is invalid or not latest",
	errGrantType:     "invalid grant_type",
	errOpenID:        "invalid openid",
	errAppID:         "invalid appid",
	errAccessToken:   "invalid access_token",
	errCode:          "invalid code",
	errURL:           "invalid url",
	errArgs:          "invalid args",
	errAppSecret:     "invalid appsecret",
	errScene:         "invalid scene",
	errCodeUsed:      "code been used",
	errSceneLength:   "invalid length for scene, or the data is not json string",
	errNoAccessToken: "access_token missing",
	errNoAppID:       "appid missing",
	errNoAppSecret:   "appsecret missing",
	errNoCode:        "missing code",
	errPage:          "invalid page",
	errTokenExpired:  "access_token expired",
	errRequireGET:    "require GET method",
	errRequirePOST:   "require POST method",
	errOtherApp:      "this appid does not match the openid",
	errEmptyBody:     "empty post data",
	errBodySize:      "content size out of limit",
	errDailyQuota:    "reach max api daily quota limit",
	errMinuteQuota:   "api minute-quota reach limit mustslower retry next minute",
	errFormat:        "data format error",
	errInactive:      "user access record timeout",
	errNoSessionKey:  "session_key not existed or expired",
	errSigMethod:     "invalid sig_method",
	errSignature:     "invalid signature",
	40226:            "code blocked",
	40164:            "invalid ip, not in whitelist",
	40243:            "invalid appsecret, appsecret is frozen",
	44991:            "reach max api minute quota limit",
	50007:            "account is frozen",
	89002:            "no open platform binding",
}

// Error returns WeChat's text without the rid.
func (e errcode) Error() string {
	if text, ok := errmsgs[e]; ok {
		return text
	}
	return fmt.Sprintf("error %d", int(e))
}

// success heads the answers that name their errcode even when all is well.
type success struct {
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

func ok() success { return success{ErrMsg: "ok"} }
