package wechat

import "context"

const getuserphonenumber = "getuserphonenumber"

// PhoneNumber redeems a code of the phone number button for the number of the
// user openID names (WeChat: 获取手机号). WeChat checks that the code is that
// user's, and charges for a success. A code that left counts as spent, whatever
// comes back. The error is an *Error, or what LoadToken or UpdateToken returned,
// wrapped; with ErrPhoneCodeInvalid for an empty openID, an empty code or one of
// more than 1024 bytes, nothing was sent.
func (c *Client) PhoneNumber(ctx context.Context, appID, openID, code string) (Phone, error) {
	if !sendable(openID) || !sendable(code) {
		return Phone{}, &Error{Endpoint: getuserphonenumber, Class: ErrPhoneCodeInvalid}
	}
	r := apiRequest{
		path:     "/wxa/business",
		endpoint: getuserphonenumber,
		body: struct {
			Code   string `json:"code"`
			OpenID string `json:"openid"`
		}{code, openID},
		classes: map[int]error{
			40003: ErrPhoneCodeInvalid, 40013: ErrPhoneCodeInvalid,
			40029: ErrPhoneCodeInvalid, 40163: ErrPhoneCodeInvalid,
		},
	}
	var p Phone
	if err := c.authorised(ctx, appID, r, p.read); err != nil {
		return Phone{}, err
	}
	return p, nil
}

func (p *Phone) read(answer *object) bool {
	info, ok := parseObject(answer.members["phone_info"])
	if !ok {
		return false
	}
	found := readPhone(info)
	if found == nil {
		return false
	}
	*p = *found
	return true
}
