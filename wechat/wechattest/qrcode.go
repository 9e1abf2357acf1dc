package wechattest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"regexp"

	"github.com/boombuler/barcode/qr"
)

const (
	maxScene     = 32
	defaultWidth = 430
	homePage     = "pages/index/index"
	quietZone    = 4 // modules of white around a code, as the QR standard asks
)

var (
	sceneText = regexp.MustCompile(`^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+$`)
	pageText  = regexp.MustCompile(`^[0-9A-Za-z_\-.][0-9A-Za-z_\-./]{0,255}$`)
)

type qrRequest struct {
	Scene      string `json:"scene"`
	Page       string `json:"page"`
	EnvVersion string `json:"env_version"`
	Width      int    `json:"width"` // pixels
}

// qrCode is POST /wxa/getwxacodeunlimit. WeChat draws its round code, which
// only WeChat can read; the simulator draws a plain QR code of page?scene=….
func (s *Simulator) qrCode(c *call) (any, error) {
	in := qrRequest{Page: homePage, EnvVersion: "release", Width: defaultWidth}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	return drawQR(in.Page+"?scene="+url.QueryEscape(in.Scene), in.Width)
}

func (q qrRequest) check() error {
	switch {
	case q.Scene == "" || len(q.Scene) > maxScene:
		return errSceneLength
	case !sceneText.MatchString(q.Scene):
		return errScene
	case !pageText.MatchString(q.Page):
		return errPage
	case q.Width < 280 || q.Width > 1280:
		return errArgs
	case q.EnvVersion != "release" && q.EnvVersion != "trial" && q.EnvVersion != "develop":
		return errArgs
	}
	return nil
}

// drawQR returns a PNG of width by width pixels, modules of whole pixels in
// its middle.
func drawQR(text string, width int) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, errArgs
	}
	modules := code.Bounds().Dx()
	scale := width / (modules + 2*quietZone)
	margin := (width - modules*scale) / 2
	img := image.NewPaletted(image.Rect(0, 0, width, width), color.Palette{color.White, color.Black})
	for y := range modules {
		for x := range modules {
			square := image.Rect(x, y, x+1, y+1)
			square.Min, square.Max = square.Min.Mul(scale), square.Max.Mul(scale)
			square = square.Add(image.Pt(margin, margin))
			draw.Draw(img, square, image.NewUniform(code.At(x, y)), image.Point{}, draw.Src)
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}
