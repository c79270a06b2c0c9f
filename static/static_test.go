package static

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, url string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, url, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestAnAssetUnderItsHashIsKeptForAYear(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{
		"app.css":                 "text/css; charset=utf-8",
		"app.js":                  "text/javascript; charset=utf-8",
		"htmx.min.js":             "text/javascript; charset=utf-8",
		"favicon.svg":             "image/svg+xml",
		"fonts/inter-latin.woff2": "font/woff2",
	} {
		got := get(t, Path(name))
		if got.StatusCode != 200 || got.Header.Get("Content-Type") != kind ||
			got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d %v", name, got.StatusCode, got.Header)
		}
	}
}

func TestAPlainAddressOrAnOldHashIsAskedForAgainEachTime(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"/static/app.css", "/static/fonts/inter-latin.woff2", "/static/0123456789ab/app.css"} {
		got := get(t, url)
		if got.StatusCode != 200 || got.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d, cache %q", url, got.StatusCode, got.Header.Get("Cache-Control"))
		}
	}
}

func TestWhatTheBrowserHasIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, coding := range []string{"identity", "gzip"} {
		etag := get(t, "/static/app.css", "Accept-Encoding", coding).Header.Get("ETag")
		if got := get(t, "/static/app.css", "Accept-Encoding", coding, "If-None-Match", etag); got.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %d, want 304", coding, got.StatusCode)
		}
	}
}

func TestTextIsSentCompressedToThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	plain, _ := io.ReadAll(get(t, Path("app.css")).Body)
	zipped := get(t, Path("app.css"), "Accept-Encoding", "gzip, br")
	if zipped.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("headers %v", zipped.Header)
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := io.ReadAll(r); string(same) != string(plain) {
		t.Error("the compressed style sheet differs from the plain one")
	}
	if get(t, Path("fonts/inter-latin.woff2"), "Accept-Encoding", "gzip").Header.Get("Content-Encoding") != "" {
		t.Error("a font is compressed already")
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"/static/", "/static/fonts", "/static/static.go", "/static/../static.go", "/static/css/package.json"} {
		if got := get(t, url); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", url, got.StatusCode)
		}
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/static/app.css", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestTheStyleSheetFetchesOnlyFontsOfItsOwn(t *testing.T) {
	t.Parallel()
	css, _ := files.ReadFile("app.css")
	for _, found := range regexp.MustCompile(`url\(['"]?([^'")]*)`).FindAllStringSubmatch(string(css), -1) {
		if _, err := files.ReadFile(strings.TrimPrefix(found[1], "./")); err != nil {
			t.Errorf("url(%.60s): %v", found[1], err)
		}
	}
}

func TestOurOwnScriptStaysUnderTwoKilobytes(t *testing.T) {
	t.Parallel()
	if js, _ := files.ReadFile("app.js"); len(js) > 2048 {
		t.Errorf("app.js has %d bytes", len(js))
	}
}

func TestVendoredFilesAreWhatVendorMdSays(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("VENDOR.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*\\| `([0-9a-f]{64})` \\|$").FindAllStringSubmatch(string(list), -1)
	if len(rows) != 5 {
		t.Fatalf("%d rows read, want 5", len(rows))
	}
	for _, row := range rows {
		body, err := os.ReadFile(row[1])
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != row[2] {
			t.Errorf("%s has sha256 %x", row[1], sum)
		}
	}
}
