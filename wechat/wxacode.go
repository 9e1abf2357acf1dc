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

	// defaultCodeSide is how wide a code is when the request does not say, in pixels.
	defaultCodeSide = 430

	// maxCode is the largest picture that is redrawn, in bytes; real ones have tens
	// of thousands.
	maxCode = 256 << 10

	// maxRedraws is how many pictures a client redraws at once: no context ends one
	// that has begun.
	maxRedraws = 2
)

// startOfProgressive is the marker of a frame whose scans each run over the whole
// picture, though each may have a few bytes only (ITU-T T.81, B.1.1.3: SOF2).
var startOfProgressive = []byte{0xff, 0xc2}

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
		picture: func(body []byte) (failure *Error) {
			code, failure = c.redraw(ctx, body)
			return failure
		},
	}
	noPicture := func(*object) bool { return false } // an object that is no error
	if err := c.authorised(ctx, appID, r, noPicture); err != nil {
		return nil, err
	}
	return code, nil
}

// redraw waits for its turn, and redraws the code in an answer.
func (c *Client) redraw(ctx context.Context, answer []byte) ([]byte, *Error) {
	if err := c.redraws.Acquire(ctx, 1); err != nil {
		return nil, transportFailure(ctx, err)
	}
	defer c.redraws.Release(1)
	code, ok := redraw(answer)
	if !ok {
		return nil, unavailable("answer is neither a JSON object nor the picture of a code")
	}
	return code, nil
}

// redraw makes a PNG of a JPEG or a PNG, on white, since a code without a
// background is lost on a dark page. It reports false for anything else, and for
// what is larger than a code, or takes more time than its length accounts for.
func redraw(picture []byte) ([]byte, bool) {
	decodeConfig, decode := jpeg.DecodeConfig, jpeg.Decode
	isPNG := bytes.HasPrefix(picture, []byte("\x89PNG"))
	if isPNG {
		decodeConfig, decode = png.DecodeConfig, png.Decode
	}
	// A baseline JPEG costs by its length. What it encodes cannot hold the marker, and
	// what comes before hardly does.
	if len(picture) > maxCode || !isPNG && bytes.Contains(picture, startOfProgressive) {
		return nil, false
	}
	size, err := decodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width > defaultCodeSide || size.Height > defaultCodeSide {
		return nil, false
	}
	code, err := decode(bytes.NewReader(picture))
	if err != nil {
		return nil, false
	}
	return encodeOnWhite(code)
}

// encodeOnWhite makes a PNG of a picture and what is behind it.
func encodeOnWhite(code image.Image) ([]byte, bool) {
	canvas := image.NewRGBA(code.Bounds())
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(canvas, canvas.Bounds(), code, code.Bounds().Min, draw.Over)
	var drawn bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	err := encoder.Encode(&drawn, canvas)
	return drawn.Bytes(), err == nil
}
