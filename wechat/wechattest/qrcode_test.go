package wechattest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

func qrOf(t *testing.T, s *Simulator, body string) got {
	t.Helper()
	return post(t, s, "/wxa/getwxacodeunlimit", body, "access_token", token(t, s))
}

func TestQRCode(t *testing.T) {
	g := qrOf(t, fixed(t), `{"scene":"a=1&b","page":"pages/scan/index","width":400}`)
	if g.header.Get("Content-Type") != "image/png" {
		t.Fatalf("got %s %s", g.header.Get("Content-Type"), g.body)
	}
	img, err := png.Decode(bytes.NewReader(g.body))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, 400, 400) {
		t.Errorf("the image is %v", img.Bounds())
	}
	want, err := qr.Encode("pages/scan/index?scene=a%3D1%26b", qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	compareModules(t, img, want)
}

// compareModules reads the middle of every module, and the quiet zone around.
func compareModules(t *testing.T, img, want image.Image) {
	t.Helper()
	modules := want.Bounds().Dx()
	scale := img.Bounds().Dx() / (modules + 8)
	margin := (img.Bounds().Dx() - modules*scale) / 2
	for y := -4; y < modules+4; y++ {
		for x := -4; x < modules+4; x++ {
			inside := image.Pt(x, y).In(want.Bounds())
			black := inside && dark(want.At(x, y))
			if dark(img.At(margin+x*scale+scale/2, margin+y*scale+scale/2)) != black {
				t.Fatalf("module %d,%d is wrong", x, y)
			}
		}
	}
}

func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r == 0
}

func TestQRCodeRefusals(t *testing.T) {
	s := fixed(t)
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"no scene", `{}`, 40169},
		{"a long scene", fmt.Sprintf(`{"scene":%q}`, strings.Repeat("a", 33)), 40169},
		{"a scene of other characters", `{"scene":"a b"}`, 40129},
		{"a page with a leading slash", `{"scene":"a","page":"/pages/a"}`, 41030},
		{"a page with a query", `{"scene":"a","page":"pages/a?b=c"}`, 41030},
		{"too narrow", `{"scene":"a","width":279}`, 40097},
		{"too wide", `{"scene":"a","width":1281}`, 40097},
		{"an unknown version", `{"scene":"a","env_version":"beta"}`, 40097},
		{"not json", `scene=a`, 47001},
		{"no body", ``, 44002},
	} {
		t.Run(c.name, func(t *testing.T) { qrOf(t, s, c.body).wantFailure(t, c.want) })
	}
}

// Ensure that the largest request still fits the narrowest image.
func TestLargestQRCode(t *testing.T) {
	body := fmt.Sprintf(`{"scene":%q,"page":%q,"width":280}`, strings.Repeat("&", 32), strings.Repeat("p", 256))
	if g := qrOf(t, fixed(t), body); g.header.Get("Content-Type") != "image/png" {
		t.Errorf("got %s", g.body)
	}
}
