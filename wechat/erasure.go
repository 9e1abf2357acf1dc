package wechat

// Erasure is what WeChat obliges a mini program to erase of a user. The zero
// Erasure is nothing.
type Erasure struct {
	NickName bool
	Avatar   bool
	Phone    bool
	Account  bool // everything: the user has closed the WeChat account
}

// The events of WeChat's page 授权用户信息变更.
const (
	eventModified  = "user_info_modified"
	eventRevoked   = "user_authorization_revoke"
	eventCancelled = "user_authorization_cancellation"
)

// Erasure returns what the event asks to be erased of its user, of what a login
// server holds (WeChat: 安全指引, 授权用户信息变更). Other messages,
// and authorisations for other things, ask for nothing.
func (p Push) Erasure() Erasure {
	switch p.Event {
	case eventModified:
		// WeChat found the profile to be a risk and does not say what in it.
		return Erasure{NickName: true, Avatar: true}
	case eventRevoked:
		return erasureOf(p.Revoked)
	case eventCancelled:
		return Erasure{Account: true}
	}
	return Erasure{}
}

// Privacy reports whether the event is one in which a user, or WeChat for them,
// takes something back, whether or not it is something that a login server holds.
func (p Push) Privacy() bool {
	return p.Event == eventModified || p.Event == eventRevoked || p.Event == eventCancelled
}

func erasureOf(revoked []int) Erasure {
	var e Erasure
	for _, number := range revoked {
		switch number {
		case 6: // 昵称和头像
			e.NickName, e.Avatar = true, true
		case 8: // 手机号
			e.Phone = true
		case 19: // 昵称输入键盘中选择的微信昵称
			e.NickName = true
		case 20: // 获取用户头像组件中选择的微信头像
			e.Avatar = true
		}
	}
	return e
}
