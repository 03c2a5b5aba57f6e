// The functions of the benchmark on Go's net/http, standard library only: a limit to look up to.
//
// Usage: limit PORT
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

var chunk = []byte(strings.Repeat("0123456789abcdef", 64))

var required = []string{"specversion", "id", "source", "type"}

func greet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "hello %s\n", r.URL.Query().Get("name"))
}

func pause(w http.ResponseWriter, r *http.Request) {
	time.Sleep(10 * time.Millisecond)
	greet(w, r)
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func object(w http.ResponseWriter, r *http.Request) {
	answer(w, map[string]string{"hello": r.URL.Query().Get("name")})
}

func typed(w http.ResponseWriter, r *http.Request) {
	var parcel struct {
		WeightG *int   `json:"weight_g"`
		To      string `json:"to"`
	}
	if json.NewDecoder(r.Body).Decode(&parcel) != nil || parcel.WeightG == nil {
		http.Error(w, "not a parcel", http.StatusBadRequest)
		return
	}
	answer(w, struct {
		Pence int `json:"pence"`
	}{2 * *parcel.WeightG})
}

func body(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "no body", http.StatusBadRequest)
		return
	}
	_, _ = w.Write(content)
}

func stream(w http.ResponseWriter, _ *http.Request) {
	flusher := w.(http.Flusher)
	for range make([]struct{}, 64) {
		_, _ = w.Write(chunk)
		flusher.Flush()
	}
}

// A binary event is checked for what every event has; its data travels on as it came.
func echoBinary(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	for _, name := range required {
		if err != nil || r.Header.Get("Ce-"+name) == "" {
			http.Error(w, "no event", http.StatusBadRequest)
			return
		}
	}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "Ce-") || name == "Content-Type" {
			w.Header()[name] = values
		}
	}
	_, _ = w.Write(content)
}

// A structured event is read as far as its members; its data travels on as it came.
func echoStructured(w http.ResponseWriter, r *http.Request) {
	event := map[string]json.RawMessage{}
	err := json.NewDecoder(r.Body).Decode(&event)
	for _, name := range required {
		if err != nil || len(event[name]) < 3 {
			http.Error(w, "no event", http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "application/cloudevents+json")
	_ = json.NewEncoder(w).Encode(event)
}

func check(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Parts []int `json:"parts"`
		Total int   `json:"total"`
	}
	err := json.NewDecoder(r.Body).Decode(&order)
	for _, part := range order.Parts {
		order.Total -= part
	}
	if err != nil || order.Total != 0 || r.Header.Get("Ce-Type") != "com.acme.order.placed" {
		http.Error(w, "not the event that was sent", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func main() {
	http.HandleFunc("/greet", greet)
	http.HandleFunc("/block", pause)
	http.HandleFunc("/pause", pause)
	http.HandleFunc("/json", object)
	http.HandleFunc("/typed", typed)
	http.HandleFunc("/body", body)
	http.HandleFunc("/stream", stream)
	http.HandleFunc("/echo_binary", echoBinary)
	http.HandleFunc("/echo_structured", echoStructured)
	http.HandleFunc("/check", check)
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
	os.Exit(1)
}
