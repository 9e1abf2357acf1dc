package wechat

// Erasure is what WeChat obliges a mini program to erase of a user. The zero
// Erasure is nothing.
type Erasure struct {
	NickName bool
	Avatar   bool
	Phone    bool
	Account  bool // everything: the user has closed the WeChat account
}

// Erasure returns what the event asks to be erased of its user, of what a login
// server holds (WeChat: 安全指引, 授权用户信息变更). Other messages,
// and authorisations for other things, ask for nothing.
func (p Push) Erasure() Erasure {
	switch p.Event {
	case "user_info_modified":
		// WeChat found the profile to be a risk and does not say what in it.
		return Erasure{NickName: true, Avatar: true}
	case "user_authorization_revoke":
		return erasureOf(p.Revoked)
	case "user_authorization_cancellation":
		return Erasure{Account: true}
	}
	return Erasure{}
}

// Privacy reports whether the event is one in which a user, or WeChat for them,
// takes something back, whether or not it is something that a login server holds.
func (p Push) Privacy() bool {
	switch p.Event {
	case "user_info_modified", "user_authorization_revoke", "user_authorization_cancellation":
		return true
	}
	return false
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
