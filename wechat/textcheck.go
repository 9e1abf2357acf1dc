package wechat

import (
	"context"
	"unicode/utf8"
)

// TextVerdict is what WeChat thinks of a text.
type TextVerdict string

// The verdicts of CheckText.
const (
	TextPass   TextVerdict = "pass"
	TextReview TextVerdict = "review" // a person should look at it
	TextRisky  TextVerdict = "risky"
)

const (
	msgSecCheck  = "msg_sec_check"
	maxText      = 2500  // characters
	profileScene = 1     // of WeChat's four, the one for what a user says of themselves
	riskyContent = 87014 // how the first version of the endpoint said risky
)

// CheckText asks WeChat what it thinks of a text that a user wrote into their
// profile (WeChat: 文本内容安全识别, version 2). The error is an *Error, or
// what LoadToken or UpdateToken returned, wrapped. With ErrTextUnchecked asking
// again is no use; a text that has not 1 to 2500 characters was not even sent.
func (c *Client) CheckText(ctx context.Context, appID, openID, text string) (TextVerdict, error) {
	if n := utf8.RuneCountInString(text); n == 0 || n > maxText {
		return "", &Error{Endpoint: msgSecCheck, Class: ErrTextUnchecked}
	}
	r := apiRequest{
		path:     "/wxa",
		endpoint: msgSecCheck,
		body: struct {
			Content string `json:"content"`
			Version int    `json:"version"`
			Scene   int    `json:"scene"`
			OpenID  string `json:"openid"`
		}{text, 2, profileScene, openID},
		answers: []int{riskyContent},
		classes: map[int]error{
			40003: ErrTextUnchecked, 43104: ErrTextUnchecked, 44002: ErrTextUnchecked,
			45002: ErrTextUnchecked, 61010: ErrTextUnchecked,
		},
	}
	var verdict TextVerdict
	if err := c.authorised(ctx, appID, r, verdict.read); err != nil {
		return "", err
	}
	return verdict, nil
}

func (v *TextVerdict) read(answer *object) bool {
	if answer.integer("errcode") == riskyContent {
		*v = TextRisky
		return true
	}
	result, ok := parseObject(answer.members["result"])
	if !ok {
		return false
	}
	*v = TextVerdict(result.text("suggest"))
	return *v == TextPass || *v == TextReview || *v == TextRisky
}
