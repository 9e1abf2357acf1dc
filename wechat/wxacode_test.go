package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	wxaCodePath = "/wxa/getwxacodeunlimit"
	testPage    = "pages/login/index"
	testScene   = "scn_06f8q3x2mh4zj5t7vn9kbcdwer"
)

func TestWxaCode(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		code, err := w.client(t).WxaCode(t.Context(), testApp, testPage, testScene)
		if err != nil {
			t.Fatal(err)
		}
		wantPNG(t, code, 430, 430)
	})
}

func wantPNG(t *testing.T, picture []byte, width, height int) image.Image {
	t.Helper()
	got, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if size := got.Bounds().Size(); size != image.Pt(width, height) {
		t.Errorf("the picture has %v pixels, want %d by %d", size, width, height)
	}
	return got
}

func TestWxaCodeRefused(t *testing.T) {
	for errcode, class := range map[int]error{
		-1: ErrUnavailable, 45009: ErrRateLimited, 45011: ErrRateLimited,
		40097: ErrConfiguration, 40129: ErrConfiguration, 40169: ErrConfiguration,
		41030: ErrConfiguration, 85096: ErrConfiguration,
	} {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.fault(t, wxaCodePath, errcode, 1)
				code, err := w.client(t).WxaCode(t.Context(), testApp, testPage, testScene)
				failure := new(Error)
				if !errors.As(err, &failure) || failure.Class != class || failure.Errcode != errcode || code != nil {
					t.Errorf("err = %v, want %v with errcode %d", err, class, errcode)
				}
				wantNoSecret(t, err)
			})
		})
	}
}

func TestWxaCodeRepeatsARefusedToken(t *testing.T) {
	for _, errcode := range tokenRefusals {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.fault(t, wxaCodePath, errcode, 1)
				if _, err := w.client(t).WxaCode(t.Context(), testApp, testPage, testScene); err != nil {
					t.Error(err)
				}
				if got := w.Calls()[wxaCodePath]; got != 2 {
					t.Errorf("%d calls, want 2", got)
				}
			})
		})
	}
}

// wxaCode asks a WeChat that gives everybody the same answer.
func wxaCode(t *testing.T, h http.HandlerFunc) ([]byte, []Call, error) {
	t.Helper()
	c, calls := newTestClient(t, serve(t, h))
	c.loadToken = savedToken(t, time.Now().Add(time.Hour))
	code, err := c.WxaCode(t.Context(), testApp, testPage, testScene)
	return code, *calls, err
}

func TestWxaCodeAsks(t *testing.T) {
	var asked string
	_, calls, err := wxaCode(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = r.Method + " " + r.URL.String() + " " + string(body)
		w.Write(drawn(t, 1, 1, asPNG))
	})
	want := "POST " + wxaCodePath + `?access_token=76_saved {"scene":"` + testScene + `","page":"` + testPage + `"}`
	if err != nil || asked != want {
		t.Errorf("asked %s, want %s; err = %v", asked, want, err)
	}
	if len(calls) != 1 || calls[0].Endpoint != getwxacodeunlimit || calls[0].Err != nil {
		t.Errorf("observed %+v, want one call", calls)
	}
}

func TestWxaCodeAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		body []byte
		ok   bool
	}{
		"a JPEG":                  {drawn(t, 280, 300, asJPEG), true},
		"a PNG":                   {drawn(t, 280, 300, asPNG), true},
		"a GIF":                   {drawn(t, 280, 300, asGIF), false},
		"a JPEG cut off":          {drawn(t, 280, 300, asJPEG)[:600], false},
		"a PNG cut off":           {drawn(t, 280, 300, asPNG)[:60], false},
		"a progressive JPEG":      {progressive(64 << 10 / 12), false},
		"a PNG of noise":          {noise(t, 250), true},
		"a PNG of much noise":     {noise(t, defaultCodeSide), false},
		"a PNG that is too wide":  {drawn(t, defaultCodeSide+1, 1, asPNG), false},
		"a JPEG that is too high": {drawn(t, 1, defaultCodeSide+1, asJPEG), false},
		"a PNG of a terapixel":    {headOfPNG(1<<20, 1<<20), false},
		"nothing":                 {nil, false},
		"a word":                  {[]byte(testErrmsg), false},
		"an object without error": {[]byte(`{"errcode":0,"errmsg":"` + testErrmsg + `"}`), false},
		"an empty object":         {[]byte(`{}`), false},
		"more than is read":       {append(drawn(t, 280, 300, asPNG), strings.Repeat(" ", maxAnswer)...), false},
	} {
		t.Run(name, func(t *testing.T) {
			code, calls, err := wxaCode(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(test.body) })
			if test.ok {
				if err != nil {
					t.Fatal(err)
				}
				wantSameSize(t, code, test.body)
				return
			}
			if !errors.Is(err, ErrUnavailable) || code != nil {
				t.Fatalf("%d bytes, err = %v, want ErrUnavailable", len(code), err)
			}
			if len(calls) != 1 || calls[0].Err != err {
				t.Errorf("observed %+v, want one call with this error", calls)
			}
			wantNoSecret(t, err)
		})
	}
}

// wantSameSize wants a PNG as large as a picture.
func wantSameSize(t *testing.T, code, picture []byte) {
	t.Helper()
	size, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	wantPNG(t, code, size.Width, size.Height)
}

// TestProgressiveIsAPicture proves that what is refused is no nonsense.
func TestProgressiveIsAPicture(t *testing.T) {
	if _, err := jpeg.Decode(bytes.NewReader(progressive(3))); err != nil {
		t.Fatal(err)
	}
	if _, ok := redraw(progressive(3)); ok {
		t.Error("a progressive JPEG is redrawn")
	}
}

// TestWxaCodeWaitsForItsTurn holds all turns for longer than one caller waits.
func TestWxaCodeWaitsForItsTurn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client(t)
		if !c.redraws.TryAcquire(maxRedraws) {
			t.Fatal("somebody redraws")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if code, err := c.WxaCode(ctx, testApp, testPage, testScene); !errors.Is(err, ErrUnavailable) || code != nil {
			t.Errorf("%d bytes, err = %v, want ErrUnavailable", len(code), err)
		}
		c.redraws.Release(maxRedraws)
		if _, err := c.WxaCode(t.Context(), testApp, testPage, testScene); err != nil {
			t.Error(err)
		}
	})
}

func TestWxaCodeStandsOnWhite(t *testing.T) {
	clear := drawn(t, 2, 1, func(w io.Writer, _ image.Image) error { return png.Encode(w, image.NewNRGBA(image.Rect(0, 0, 2, 1))) })
	code, ok := redraw(clear)
	if !ok {
		t.Fatal("a transparent PNG is refused")
	}
	if got := color.NRGBAModel.Convert(wantPNG(t, code, 2, 1).At(0, 0)); got != (color.NRGBA{255, 255, 255, 255}) {
		t.Errorf("the background is %v, want white", got)
	}
}

func asPNG(w io.Writer, img image.Image) error  { return png.Encode(w, img) }
func asJPEG(w io.Writer, img image.Image) error { return jpeg.Encode(w, img, nil) }
func asGIF(w io.Writer, img image.Image) error  { return gif.Encode(w, img, nil) }

// drawn is a grey picture.
func drawn(t *testing.T, width, height int, encode func(io.Writer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// noise is a square PNG that does not compress.
func noise(t *testing.T, side int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	rand.NewChaCha8([32]byte{}).Read(img.Pix)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// progressive is a grey JPEG as large as a code, of so many scans: each has twelve
// bytes, which say that nothing changes in any of its blocks (ITU-T T.81, G.1.2.2).
func progressive(scans int) []byte {
	const (
		tables = "\xff\xdb\x00\x43\x00%s" + // all quantisers are 1
			"\xff\xc2\x00\x0b\x08\x01\xae\x01\xae\x01\x01\x11\x00" + // 430 by 430 of 8 bits, one component
			"\xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0" // one word: EOB14
		scan = "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00" + "\x00\x01"
	)
	body := fmt.Sprintf(tables, strings.Repeat("\x01", 64)) + strings.Repeat(scan, scans)
	return []byte("\xff\xd8" + body + "\xff\xd9")
}

// headOfPNG promises a picture of some size, and ends.
func headOfPNG(width, height uint32) []byte {
	head := fmt.Appendf(nil, "IHDR%s%s\x08\x06\x00\x00\x00", bigEndian(width), bigEndian(height))
	return fmt.Appendf(nil, "\x89PNG\r\n\x1a\n%s%s%s", bigEndian(13), head, bigEndian(crc32.ChecksumIEEE(head)))
}

func bigEndian(n uint32) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }
