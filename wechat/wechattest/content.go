package wechattest

import (
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"
)

// RiskyText is the well-known example from WeChat's documents: text that
// contains it is risky to msg_sec_check, all other text passes.
const RiskyText = "特3456书yuuo莞6543李zxcz蒜7782法fgnv级"

const (
	activeFor  = 2 * time.Hour // how long after its phone's last act a user counts as active
	maxContent = 2500          // characters
	labelFine  = 100
	labelPorn  = 20002
)

type textAnswer struct {
	success
	Detail  []textDetail `json:"detail"`
	TraceID string       `json:"trace_id"`
	Result  textResult   `json:"result"`
}

type textResult struct {
	Suggest string `json:"suggest"` // risky, pass or review
	Label   int    `json:"label"`
}

type textDetail struct {
	Strategy string `json:"strategy"`
	ErrCode  int    `json:"errcode"`
	textResult
	Prob int `json:"prob"`
}

// checkText is POST /wxa/msg_sec_check, version 2.
func (s *Simulator) checkText(c *call) (any, error) {
	var in struct {
		Content string `json:"content"`
		Version int    `json:"version"`
		Scene   int    `json:"scene"`
		OpenID  string `json:"openid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	switch {
	case in.Version != 2:
		return nil, errArgs
	case in.Scene < 1 || in.Scene > 4:
		return nil, errScene
	case in.Content == "":
		return nil, errEmptyBody
	case utf8.RuneCountInString(in.Content) > maxContent:
		return nil, errBodySize
	}
	if err := s.author(c, in.OpenID); err != nil {
		return nil, err
	}
	return s.verdict(in.Content), nil
}

// author checks that the text's author is an active user of the app.
func (s *Simulator) author(c *call, openID string) error {
	id, known := s.identities[openID]
	switch {
	case !known:
		return errOpenID
	case id.appID != c.appID:
		return errOtherApp
	case c.now.Sub(id.active) > activeFor:
		return errInactive
	}
	return nil
}

func (s *Simulator) verdict(content string) textAnswer {
	result := textResult{Suggest: "pass", Label: labelFine}
	if strings.Contains(content, RiskyText) {
		result = textResult{Suggest: "risky", Label: labelPorn}
	}
	return textAnswer{
		success: ok(),
		Detail:  []textDetail{{Strategy: "content_model", textResult: result, Prob: 90}},
		TraceID: hex.EncodeToString(s.fresh(12, "trace")),
		Result:  result,
	}
}
