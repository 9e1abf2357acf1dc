package resolvers

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

const (
	moduleSide = 8 // pixels of a module's side: a ticket's code is some 300 wide
	quietZone  = 4 // modules of white around the code (ISO/IEC 18004)
)

// drawQRCode returns a PNG of a short text's QR code.
func drawQRCode(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	side := (code.Bounds().Dx() + 2*quietZone) * moduleSide
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			module := image.Pt(x/moduleSide-quietZone, y/moduleSide-quietZone)
			if module.In(code.Bounds()) && code.At(module.X, module.Y) == color.Black {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}

// dataURI is a PNG as a web page shows it without asking for it (RFC 2397).
func dataURI(picture []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
}
