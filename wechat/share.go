package wechat

// Share is the data of wx.getShareInfo.
type Share struct {
	OpenGID string // names the group chat within the app
}

func readShare(o *object) *Share {
	s := &Share{OpenGID: o.text("openGId")}
	if o.odd {
		return nil
	}
	return s
}
