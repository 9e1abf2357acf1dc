package wechat

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
)

const (
	getwxacodeunlimit = "getwxacodeunlimit"

	// maxCodeSide is the widest code that WeChat draws, in pixels. It bounds what
	// a small answer may unfold to.
	maxCodeSide = 1280
)

// WxaCode draws the code that opens a page of the released mini program with a
// scene (WeChat: 获取不限制的小程序码), as a PNG. The scene has at most 32 of
// [0-9A-Za-z!#$&'()*+,/:;=?@._~-]; the page begins without a slash and has no query.
// ErrConfiguration when WeChat does not like either, or does not know the page
// (40097, 40129, 40169, 41030, 85096). The error is an *Error, or what LoadToken or
// UpdateToken returned, wrapped.
func (c *Client) WxaCode(ctx context.Context, appID, page, scene string) ([]byte, error) {
	var code []byte
	r := apiRequest{
		path:     "/wxa",
		endpoint: getwxacodeunlimit,
		body: struct {
			Scene string `json:"scene"`
			Page  string `json:"page"`
		}{scene, page},
		picture: func(body []byte) (ok bool) {
			code, ok = redraw(body)
			return ok
		},
	}
	noPicture := func(*object) bool { return false }
	if err := c.authorised(ctx, appID, r, noPicture); err != nil {
		return nil, err
	}
	return code, nil
}

// redraw makes a PNG of a JPEG or a PNG, on white, since a code without a
// background is lost on a dark page. It reports false for anything else.
func redraw(picture []byte) ([]byte, bool) {
	decodeConfig, decode := jpeg.DecodeConfig, jpeg.Decode
	if bytes.HasPrefix(picture, []byte("\x89PNG")) {
		decodeConfig, decode = png.DecodeConfig, png.Decode
	}
	size, err := decodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width > maxCodeSide || size.Height > maxCodeSide {
		return nil, false
	}
	code, err := decode(bytes.NewReader(picture))
	if err != nil {
		return nil, false
	}
	canvas := image.NewRGBA(code.Bounds())
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(canvas, canvas.Bounds(), code, code.Bounds().Min, draw.Over)
	var drawn bytes.Buffer
	err = png.Encode(&drawn, canvas)
	return drawn.Bytes(), err == nil
}
