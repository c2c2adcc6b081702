package dav

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// photoMemory bounds what reading a photo takes, in bytes. What would take more is served as it is: 47 megapixels of a JPEG as
// cameras write it, 12 of a progressive one.
const photoMemory = 190_000_000

// photoSteps are tried in order until the result is small enough: the longer side in pixels, and the quality.
var photoSteps = [...]struct{ side, quality int }{{512, 85}, {512, 70}, {384, 75}, {256, 75}, {160, 70}, {96, 60}}

// scalePhoto reads a JPEG, PNG or GIF and writes it as a JPEG of at most so many bytes, upright, on white where it is
// transparent. nil when it cannot be read.
func scalePhoto(photo []byte, most int) []byte {
	m, ok := decodePhoto(photo)
	if !ok {
		return nil
	}
	turn := orientation(photo)
	for _, step := range photoSteps {
		small := upright(shrinkTo(m, step.side), turn)
		var out bytes.Buffer
		if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: step.quality}); err != nil {
			return nil
		}
		if out.Len() <= most {
			return out.Bytes()
		}
	}
	return nil
}

// decodePhoto looks at the size before it makes room for the pixels.
func decodePhoto(photo []byte) (image.Image, bool) {
	decode, config := jpeg.Decode, jpeg.DecodeConfig
	switch {
	case bytes.HasPrefix(photo, []byte("\xff\xd8")):
	case bytes.HasPrefix(photo, []byte("\x89PNG")):
		decode, config = png.Decode, png.DecodeConfig
	case bytes.HasPrefix(photo, []byte("GIF8")):
		decode, config = gif.Decode, gif.DecodeConfig
	default:
		return nil, false
	}
	cfg, err := config(bytes.NewReader(photo))
	if err != nil || cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > photoMemory/bytesPerPixel(photo, cfg.ColorModel)/cfg.Height {
		return nil, false
	}
	m, err := decode(bytes.NewReader(photo))
	if err != nil || m.Bounds().Empty() {
		return nil, false
	}
	return m, true
}

// bytesPerPixel is what the decoders of the standard library take for each pixel at most. Of a progressive JPEG they keep
// four bytes for each colour until its last scan, and what is not in YCbCr is copied; of an interlaced PNG they keep parts.
func bytesPerPixel(photo []byte, model color.Model) int {
	switch {
	case photo[0] == 'G':
		return 2
	case photo[0] != 0xff:
		switch model {
		case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
			return 12
		}
		return 6
	}
	need := 4
	if progressive(photo) {
		need = 15
	}
	if model != color.YCbCrModel && model != color.GrayModel {
		need += 9
	}
	return need
}

// shrinkTo averages the pixels that become one, so that the longer side is at most side. It works in bands of a few
// rows: the whole photo in RGBA would be another 50 MB.
func shrinkTo(m image.Image, side int) *image.RGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > side {
		w, h = max(1, w*side/long), max(1, h*side/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	deep := (b.Dy() + h - 1) / h
	band := image.NewRGBA(image.Rect(0, 0, b.Dx(), deep))
	white := image.NewUniform(color.White)
	for y := range h {
		top, bottom := y*b.Dy()/h, (y+1)*b.Dy()/h
		rows := image.Rect(0, 0, b.Dx(), bottom-top)
		draw.Draw(band, rows, white, image.Point{}, draw.Src)
		draw.Draw(band, rows, m, b.Min.Add(image.Pt(0, top)), draw.Over)
		for x := range w {
			left, right := x*b.Dx()/w, (x+1)*b.Dx()/w
			out.SetRGBA(x, y, average(band, left, right, bottom-top))
		}
	}
	return out
}

func average(band *image.RGBA, left, right, rows int) color.RGBA {
	var r, g, b, n uint32
	for y := range rows {
		row := band.Pix[y*band.Stride+4*left : y*band.Stride+4*right]
		for i := 0; i+3 < len(row); i += 4 {
			r, g, b, n = r+uint32(row[i]), g+uint32(row[i+1]), b+uint32(row[i+2]), n+1
		}
	}
	n = max(n, 1)
	return color.RGBA{R: uint8(r / n), G: uint8(g / n), B: uint8(b / n), A: 255}
}

// upright turns a photo as its orientation says: 1 to 8 as in Exif, which the new JPEG does not carry.
func upright(m *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if turn >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch turn {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.SetRGBA(tx, ty, m.RGBAAt(x, y))
		}
	}
	return out
}
