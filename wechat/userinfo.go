package wechat

// UserInfo is the data of wx.getUserInfo and wx.getUserProfile, or WeChat's
// placeholder, a grey avatar and the name 微信用户: wx.getUserInfo gives the
// placeholder since 2021-04-28, wx.getUserProfile since 2022-11-08 for most
// apps. Absent members are empty.
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

// readUserInfo wants a nickName: WeChat always sends one, and data without it
// may have had its first block, where it stands, rewritten into a unionId.
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
