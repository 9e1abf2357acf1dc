package wechat

import (
	"context"
	"net/url"
)

const (
	checksession = "checksession"
	noSessionKey = 87007 // session_key not existed or expired
	badSignature = 87009 // the signature was made with another session_key
)

// CheckSession reports whether key is the user's live session_key (WeChat:
// 检验登录态). The key stays here: WeChat gets a signature made with it. The
// error is an *Error, or what LoadToken or UpdateToken returned, wrapped.
func (c *Client) CheckSession(ctx context.Context, appID, openID string, key SessionKey) (bool, error) {
	r := apiRequest{
		path:     "/wxa",
		endpoint: checksession,
		query: url.Values{
			"openid":     {openID},
			"signature":  {key.HMAC(nil)},
			"sig_method": {"hmac_sha256"},
		},
		answers: []int{noSessionKey, badSignature},
	}
	var live bool
	err := c.authorised(ctx, appID, r, func(answer *object) bool {
		live = answer.integer("errcode") == 0
		return answer.has("errcode") // the answer is nothing but this number
	})
	return live && err == nil, err
}
