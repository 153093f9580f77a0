// What an MCP server in Go would run of each line: one JSON array of [kind, name] a line. encoding/json takes
// names in any case, and the last of several.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path"
	"strings"
	"unicode"
)

type message struct {
	Method string `json:"method"`
	Params struct {
		Name string `json:"name"`
		URI  string `json:"uri"`
		Ref  struct {
			Type string `json:"type"`
			Name string `json:"name"`
			URI  string `json:"uri"`
		} `json:"ref"`
		Notifications struct {
			ResourceSubscriptions []string `json:"resourceSubscriptions"`
		} `json:"notifications"`
	} `json:"params"`
}

func fold(name string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r) {
			return -1
		}
		return r
	}, name)
	return strings.ToLower(strings.ToUpper(strings.TrimSpace(visible)))
}

func unescape(uri string) string {
	var out []byte
	for i := 0; i < len(uri); i++ {
		if uri[i] == '%' && i+2 < len(uri) {
			high, low := strings.IndexByte(hex, lower(uri[i+1])), strings.IndexByte(hex, lower(uri[i+2]))
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, uri[i])
	}
	return string(out)
}

const hex = "0123456789abcdef"

func lower(c byte) byte {
	if c >= 'A' && c <= 'F' {
		return c + 32
	}
	return c
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var sent []message
		if strings.HasPrefix(strings.TrimSpace(string(line)), "[") {
			json.Unmarshal(line, &sent) // what it says of types that do not fit is ignored
		} else {
			sent = make([]message, 1)
			json.Unmarshal(line, &sent[0])
		}
		ran := [][2]string{}
		add := func(kind, name string) {
			ran = append(ran, [2]string{kind, name})
			if kind != "resource" {
				ran = append(ran, [2]string{kind, fold(name)})
				return
			}
			scheme, rest, _ := strings.Cut(unescape(name), "://")
			cleaned := strings.TrimLeft(path.Clean("/"+rest), "/")
			ran = append(ran, [2]string{kind, scheme + "://" + rest}, [2]string{kind, scheme + "://" + cleaned})
		}
		for _, m := range sent {
			switch strings.ToLower(strings.TrimSpace(m.Method)) {
			case "tools/call":
				add("tool", m.Params.Name)
			case "prompts/get":
				add("prompt", m.Params.Name)
			case "resources/read", "resources/subscribe":
				add("resource", m.Params.URI)
			case "completion/complete":
				if m.Params.Ref.Type == "ref/prompt" {
					add("prompt", m.Params.Ref.Name)
				} else {
					add("resource", m.Params.Ref.URI)
				}
			case "subscriptions/listen":
				for _, uri := range m.Params.Notifications.ResourceSubscriptions {
					add("resource", uri)
				}
			}
		}
		text, _ := json.Marshal(ran)
		out.Write(append(text, '\n'))
	}
}
