// Package static holds what browsers fetch besides pages: the style sheet, scripts, fonts and the mark, all embedded.
// It serves them under a hash of their content, so that they are kept for a year and never stale. It knows no page and no route.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed app.css app.js htmx.min.js favicon.svg fonts
var files embed.FS

// prefix is where Handler is mounted.
const prefix = "/static/"

type asset struct {
	body, zipped []byte
	kind, etag   string
}

type shelf struct {
	hash   string
	assets map[string]asset
}

// assets reads and compresses every file once, when the first is asked for.
var assets = sync.OnceValue(func() shelf {
	s := shelf{assets: map[string]asset{}}
	whole := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		whole.Write([]byte(name))
		whole.Write(sum[:])
		s.assets[name] = asset{body: body, zipped: zip(name, body), kind: kind(name), etag: hex.EncodeToString(sum[:8])}
		return nil
	})
	if err != nil {
		panic("static: read embedded files: " + err.Error())
	}
	s.hash = hex.EncodeToString(whole.Sum(nil)[:6])
	return s
})

// Path is the address of an asset such as "app.css": it changes when any asset does.
func Path(name string) string {
	return prefix + assets().hash + "/" + name
}

// Handler serves `/static/{hash}/{name}` to be kept for a year, and `/static/{name}` or an older hash to be asked for again each time.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name, current := find(r.URL.Path)
		a, ok := assets().assets[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		send(w, r, a, current)
	})
}

// find gives the asset's name, and whether the address carries the hash of today's assets.
func find(url string) (name string, current bool) {
	name = strings.TrimPrefix(url, prefix)
	hash, rest, found := strings.Cut(name, "/")
	if found && len(hash) == len(assets().hash) {
		return rest, hash == assets().hash
	}
	return name, false
}

func send(w http.ResponseWriter, r *http.Request, a asset, current bool) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	if current {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, etag := a.body, a.etag
	if a.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body, etag = a.zipped, etag+"-gz"
		}
	}
	etag = `"` + etag + `"`
	h.Set("ETag", etag)
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func kind(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	return "application/octet-stream"
}

// zip is nil for files that are compressed already.
func zip(name string, body []byte) []byte {
	if path.Ext(name) == ".woff2" {
		return nil
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	w.Write(body)
	w.Close()
	return out.Bytes()
}
