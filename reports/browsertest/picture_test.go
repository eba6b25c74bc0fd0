package browsertest

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "make the README's picture of the page anew")

const (
	pictureFile = "../../docs/pictures/report.png"
	// maxPicture is how large the picture may be, in bytes: every reader of the README
	// loads it.
	maxPicture = 150 << 10
)

// TestPicture makes the README's picture of the HTML report with -update, and
// otherwise holds the one in the repository to be a picture of that size.
func TestPicture(t *testing.T) {
	if *update {
		b := openPage(t, writePage(t, 300), "", media("screen", "light"))
		if err := os.WriteFile(pictureFile, get(b, chromedp.CaptureScreenshot()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatalf("%v; make it with go test . -run TestPicture -update", err)
	}
	if len(data) > maxPicture {
		t.Errorf("%s has %d bytes, more than %d", pictureFile, len(data), maxPicture)
	}
	picture, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || picture.Width < 1000 || picture.Height < 600 {
		t.Errorf("%s: %d by %d pixels, %v", pictureFile, picture.Width, picture.Height, err)
	}
}
