package resolvers_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"menshen/resolvers"
	"menshen/wechat/wechattest"
)

const wxaCodePath = "/wxa/getwxacodeunlimit"

func TestScanCode(t *testing.T) {
	s := start(t)
	code := scanCode(s, s.createScan())
	black := false
	for x := range code.Bounds().Dx() {
		for y := range code.Bounds().Dy() {
			dark := color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128
			inside := image.Pt(x, y).In(code.Bounds().Inset(4 * 8))
			if black = black || dark; dark && !inside {
				t.Fatalf("no white around the code at %d, %d", x, y)
			}
		}
	}
	if !black {
		t.Error("the code is empty")
	}
	s.same("calls of WeChat", s.sim.Calls()[wxaCodePath], 0)
}

// scanCode reads a ticket's picture.
func scanCode(s *server, t ticket) image.Image {
	s.Helper()
	text, ok := strings.CutPrefix(t.QRCode, "data:image/png;base64,")
	if !ok {
		s.Fatalf("the code begins with %.30q", t.QRCode)
	}
	picture, err := base64.StdEncoding.DecodeString(text)
	s.need(err)
	code, err := png.Decode(bytes.NewReader(picture))
	s.need(err)
	return code
}

func TestScanCodeOfAPage(t *testing.T) {
	s := start(t, func(o *options) { o.resolver = func(r *resolvers.Resolver) { r.ScanPage = "pages/scan/index" } })
	s.same("pixels", scanCode(s, s.createScan()).Bounds().Dx(), 430)
	s.same("calls of WeChat", s.sim.Calls()[wxaCodePath], 1)
	for errcode, code := range map[int]string{41030: "INTERNAL", -1: "WECHAT_UNAVAILABLE", 45011: "RATE_LIMITED"} {
		s.need(s.sim.Fault(wechattest.Fault{Path: wxaCodePath, ErrCode: errcode}))
		s.same("errcode", s.refused(code, "", createScanDocument, nil).Extensions.WeChat.Errcode, errcode)
	}
}
