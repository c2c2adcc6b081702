package dav

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// noisy is a photo that no encoder makes small: red on the left, blue on the right, with noise.
func noisy(w, h int) *image.NRGBA {
	r := rand.New(rand.NewPCG(1, 2))
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 200, G: uint8(r.UintN(56)), B: uint8(r.UintN(56)), A: 255}
			if x >= w/2 {
				c.R, c.B = c.B, c.R
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func encoded(t testing.TB, kind string, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch kind {
	case "jpeg":
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 95})
	case "png":
		// Noise only costs time to compress.
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m)
	case "gif":
		err = gif.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPhotosAreScaled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		w, h int
		kind string
	}{
		{"a JPEG", 900, 600, "jpeg"}, {"a PNG", 700, 700, "png"}, {"a GIF", 600, 900, "gif"}, {"a narrow one", 4000, 30, "png"}, {"a tall one", 7, 9000, "png"},
	} {
		photo := encoded(t, c.kind, noisy(c.w, c.h))
		if len(photo) <= photoBytes {
			t.Fatalf("%s: only %d bytes", c.name, len(photo))
		}
		s := newShrinker()
		got := s.shrink(t.Context(), photo)
		m, err := jpeg.Decode(bytes.NewReader(got))
		if err != nil || len(got) > photoBytes {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
			continue
		}
		b := m.Bounds()
		if b.Dx() > 512 || b.Dy() > 512 || b.Dx() > c.w || b.Dy() > c.h {
			t.Errorf("%s: %v", c.name, b)
		}
		if want := float64(c.w) / float64(c.h); c.w < 2*c.h && c.h < 2*c.w {
			if have := float64(b.Dx()) / float64(b.Dy()); have < want*0.98 || have > want*1.02 {
				t.Errorf("%s: another shape: %v", c.name, b)
			}
		}
		if left, right := reddish(m, b.Dx()/4, b.Dy()/2), reddish(m, b.Dx()*3/4, b.Dy()/2); b.Dx() > 8 && (!left || right) {
			t.Errorf("%s: another picture", c.name)
		}
		if again := s.shrink(t.Context(), photo); &again[0] != &got[0] {
			t.Errorf("%s: scaled twice", c.name)
		}
	}
}

// What a large photo of a camera takes is counted by how it is written: one that is read as it comes is scaled, one of which
// all has to be kept is not.
func TestPhotosOfManyPixels(t *testing.T) {
	t.Parallel()
	flat := image.NewYCbCr(image.Rect(0, 0, 5200, 2600), image.YCbCrSubsampleRatio420)
	for i := range flat.Y {
		flat.Y[i] = uint8(i / 5200 / 11)
	}
	photo := encoded(t, "jpeg", flat)
	if len(photo) <= photoBytes {
		t.Fatalf("only %d bytes", len(photo))
	}
	m, err := jpeg.Decode(bytes.NewReader(newShrinker().shrink(t.Context(), photo)))
	if err != nil || m.Bounds().Dx() != 512 || m.Bounds().Dy() != 256 {
		t.Errorf("13.5 megapixels: %v", err)
	}
	at := bytes.Index(photo, []byte{0xff, 0xc0})
	later := bytes.Clone(photo)
	later[at+1] = 0xc2
	if _, ok := decodePhoto(later); ok || !progressive(later) || progressive(photo) {
		t.Error("a progressive one is read")
	}
	huge := bytes.Clone(photo)
	copy(huge[at+5:], []byte{8000 >> 8, 8000 & 0xff, 8000 >> 8, 8000 & 0xff})
	if cfg, err := jpeg.DecodeConfig(bytes.NewReader(huge)); err != nil || cfg.Width != 8000 || cfg.Height != 8000 {
		t.Fatalf("%+v %v", cfg, err)
	}
	if _, ok := decodePhoto(huge); ok {
		t.Error("one of 64 megapixels is read")
	}
}

func reddish(m image.Image, x, y int) bool {
	r, _, b, _ := m.At(x, y).RGBA()
	return r > b
}

func TestPhotosThatStay(t *testing.T) {
	t.Parallel()
	bomb := encoded(t, "png", image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(bomb[16:], 60_000)
	binary.BigEndian.PutUint32(bomb[20:], 60_000)
	large := make([]byte, 2*photoBytes)
	for name, photo := range map[string][]byte{
		"a small one":       encoded(t, "jpeg", noisy(50, 50)),
		"nothing":           nil,
		"no picture":        large,
		"one that is cut":   append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), large...),
		"a PNG of 3.6 GP":   append(bomb, large...),
		"a WebP":            append([]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), large...),
		"a JPEG and a tail": append([]byte("\xff\xd8\xff\xda"), large...),
	} {
		took := testenv.Work(t, func() {
			if got := newShrinker().shrink(t.Context(), photo); got != nil {
				t.Errorf("%s: %d bytes", name, len(got))
			}
		})
		if took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newShrinker()
	s.busy <- struct{}{} // another request scales
	if got := s.shrink(ctx, large); got != nil || len(s.known) != 0 {
		t.Error("went on after the end of the request")
	}
}

// TestTransparentPhotosAreOnWhite: black behind a cut-out face is what else comes out.
func TestTransparentPhotosAreOnWhite(t *testing.T) {
	t.Parallel()
	m := noisy(600, 600)
	for y := range 600 {
		for x := range 300 {
			m.SetNRGBA(x, y, color.NRGBA{})
		}
	}
	got, err := jpeg.Decode(bytes.NewReader(newShrinker().shrink(t.Context(), encoded(t, "png", m))))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := got.At(50, 200).RGBA(); r < 0xf000 || g < 0xf000 || b < 0xf000 {
		t.Errorf("%x %x %x", r, g, b)
	}
}

// withOrientation puts Exif data into a JPEG.
func withOrientation(jpeg []byte, order binary.AppendByteOrder, mark string, turn uint16) []byte {
	tiff := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tiff = order.AppendUint16(tiff, 2)
	tiff = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x0100), 3), 1), 1, 1, 0, 0)
	tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x0112), 3), 1)
	tiff = append(order.AppendUint16(tiff, turn), 0, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(body)+2))
	return append(append(head, body...), jpeg[2:]...)
}

func TestPhotosAreUpright(t *testing.T) {
	t.Parallel()
	plain := encoded(t, "jpeg", noisy(900, 600))
	for turn, want := range map[uint16]struct {
		tall       bool
		red, blue  image.Point // in quarters of the sides
		horizontal bool
	}{
		1: {false, image.Pt(1, 2), image.Pt(3, 2), true}, 2: {false, image.Pt(3, 2), image.Pt(1, 2), true},
		3: {false, image.Pt(3, 2), image.Pt(1, 2), true}, 4: {false, image.Pt(1, 2), image.Pt(3, 2), true},
		5: {true, image.Pt(2, 1), image.Pt(2, 3), false}, 6: {true, image.Pt(2, 1), image.Pt(2, 3), false},
		7: {true, image.Pt(2, 3), image.Pt(2, 1), false}, 8: {true, image.Pt(2, 3), image.Pt(2, 1), false},
		0: {false, image.Pt(1, 2), image.Pt(3, 2), true}, 9: {false, image.Pt(1, 2), image.Pt(3, 2), true},
	} {
		for mark, order := range map[string]binary.AppendByteOrder{"II": binary.LittleEndian, "MM": binary.BigEndian} {
			m, err := jpeg.Decode(bytes.NewReader(newShrinker().shrink(t.Context(), withOrientation(plain, order, mark, turn))))
			if err != nil {
				t.Fatal(err)
			}
			b := m.Bounds()
			at := func(p image.Point) (int, int) { return b.Dx() * p.X / 4, b.Dy() * p.Y / 4 }
			rx, ry := at(want.red)
			bx, by := at(want.blue)
			if (b.Dy() > b.Dx()) != want.tall || !reddish(m, rx, ry) || reddish(m, bx, by) {
				t.Errorf("orientation %d %s: %v", turn, mark, b)
			}
		}
	}
}

func TestShrinkerForgets(t *testing.T) {
	t.Parallel()
	s := newShrinker()
	for i := range 300 {
		s.keep(shrunk{photoHash{byte(i), byte(i >> 8)}, make([]byte, photoBytes)})
		s.find(photoHash{0}) // asked for all the time
	}
	if s.bytes > photosKept || len(s.known) != s.order.Len() || len(s.known) < 50 {
		t.Errorf("%d bytes in %d entries, %d in order", s.bytes, len(s.known), s.order.Len())
	}
	if _, ok := s.find(photoHash{0}); !ok {
		t.Error("what is used went")
	}
	if _, ok := s.find(photoHash{1}); ok {
		t.Error("the oldest stayed")
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	plain := encoded(t, "jpeg", noisy(8, 8))
	marked := withComment(plain, "text")
	if _, err := jpeg.Decode(bytes.NewReader(marked)); err != nil || string(comment(marked)) != "text" || comment(plain) != nil {
		t.Errorf("%q %q %v", comment(marked), comment(plain), err)
	}
}

func FuzzJPEGHeads(f *testing.F) {
	plain := encoded(f, "jpeg", noisy(8, 8))
	f.Add(plain)
	f.Add(withComment(plain, photoMark))
	f.Add(withOrientation(plain, binary.LittleEndian, "II", 6)[:60])
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := orientation(b); n < 1 || n > 8 {
			t.Fatal(n)
		}
		comment(b)
		// A few bytes may claim millions of pixels, which takes too long here.
		if cfg, err := jpeg.DecodeConfig(bytes.NewReader(b)); err == nil && cfg.Width*cfg.Height < 10_000 {
			scalePhoto(b, photoBytes)
		}
	})
}
