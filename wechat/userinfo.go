package wechat

// UserInfo is the data of wx.getUserInfo and wx.getUserProfile. Since 2022 WeChat fills it with a grey avatar
// and the name 微信用户 for most apps. Absent members are empty.
type UserInfo struct {
	OpenID    string
	UnionID   string
	NickName  string
	Gender    int // 0 unknown, 1 male, 2 female; other numbers pass as they are
	Language  string
	City      string
	Province  string
	Country   string
	AvatarURL string
}

// readUserInfo asks for a nickName, which WeChat always sends and which is the member that a forged first
// block of wx.getUserProfile's data has to give up, for a unionId for example.
func readUserInfo(o *object) *UserInfo {
	u := &UserInfo{
		OpenID:    o.text("openId"),
		UnionID:   o.text("unionId"),
		NickName:  o.text("nickName"),
		Gender:    o.integer("gender"),
		Language:  o.text("language"),
		City:      o.text("city"),
		Province:  o.text("province"),
		Country:   o.text("country"),
		AvatarURL: o.text("avatarUrl"),
	}
	if o.odd || !o.has("nickName") {
		return nil
	}
	return u
}
