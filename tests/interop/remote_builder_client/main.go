// A client of the remote-builder protocol in Go: what faas-cli and go-sdk put on the wire comes
// from Go's standard library, and so it does here. For machines on which faas-cli cannot be had.
//
// Usage: remote-builder-client [OPTIONS] CONTEXT
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/nacl/box"
	"gopkg.in/yaml.v3"
)

// pairs is an option NAME=VALUE that may be given several times.
type pairs map[string]string

func (p pairs) String() string { return "" }

func (p pairs) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("got %q, expected NAME=VALUE", text)
	}
	p[name] = value
	return nil
}

type config struct {
	Image     string            `json:"image"`
	BuildArgs map[string]string `json:"buildArgs,omitempty"`
	Platforms []string          `json:"platforms,omitempty"`
	SkipPush  bool              `json:"skipPush,omitempty"`
}

type envelope struct {
	Version   string            `yaml:"version"`
	Algorithm string            `yaml:"algorithm"`
	KeyID     string            `yaml:"key_id,omitempty"`
	PublicKey string            `yaml:"public_key"`
	Secrets   map[string]string `yaml:"secrets"`
}

type result struct {
	Log    []string `json:"log"`
	Image  string   `json:"image"`
	Status string   `json:"status"`
	Error  string   `json:"error,omitempty"`
}

func main() {
	wanted := config{BuildArgs: map[string]string{}}
	secrets := pairs{}
	builder := flag.String("builder", "", "URL of the builder")
	payload := flag.String("payload-secret", "", "file of the payload secret")
	platforms := flag.String("platforms", "", "platforms, with commas between them")
	flag.StringVar(&wanted.Image, "image", "", "name of the image")
	flag.BoolVar(&wanted.SkipPush, "skip-push", false, "do not push")
	flag.Var(pairs(wanted.BuildArgs), "build-arg", "NAME=VALUE")
	flag.Var(secrets, "secret", "NAME=FILE")
	flag.Parse()
	if *platforms != "" {
		wanted.Platforms = strings.Split(*platforms, ",")
	}
	if err := build(*builder, *payload, flag.Arg(0), wanted, secrets); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(builder, payload, context string, wanted config, secrets pairs) error {
	body, err := request(builder, context, wanted, secrets)
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(payload)
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, bytes.TrimSpace(secret))
	mac.Write(body)
	req, err := http.NewRequest(http.MethodPost, builder+"/build", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Build-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Accept", "application/x-ndjson")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return follow(res.Body)
}

// follow prints the log, and gives the error that the last result has.
func follow(lines io.Reader) error {
	last := result{}
	scanner := bufio.NewScanner(lines) // of lines up to 64 KiB, as it is by itself
	for scanner.Scan() {
		last = result{}
		if err := json.Unmarshal(scanner.Bytes(), &last); err != nil {
			return err
		}
		for _, line := range last.Log {
			fmt.Println(line)
		}
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	if last.Status != "success" {
		return fmt.Errorf("%s: %s", last.Status, last.Error)
	}
	fmt.Printf("success: %s\n", last.Image)
	return nil
}

func request(builder, context string, wanted config, secrets pairs) ([]byte, error) {
	body := bytes.Buffer{}
	writer := tar.NewWriter(&body)
	err := filepath.Walk(context, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		header, err := tar.FileInfoHeader(info, info.Name())
		if err != nil {
			return err
		}
		header.Name = filepath.Join("context", strings.TrimPrefix(path, context))
		if err := writer.WriteHeader(header); err != nil || info.IsDir() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(writer, file)
		return err
	})
	if err != nil {
		return nil, err
	}
	document, err := json.Marshal(wanted)
	if err != nil {
		return nil, err
	}
	if err := add(writer, "com.openfaas.docker.config", 0o664, document); err != nil {
		return nil, err
	}
	if len(secrets) > 0 {
		sealed, err := seal(builder, secrets)
		if err != nil {
			return nil, err
		}
		if err := add(writer, "com.openfaas.secrets", 0o600, sealed); err != nil {
			return nil, err
		}
	}
	err = writer.Close()
	return body.Bytes(), err
}

func add(writer *tar.Writer, name string, mode int64, content []byte) error {
	header := &tar.Header{Name: name, Mode: mode, Size: int64(len(content))}
	if err := writer.WriteHeader(header); err != nil {
		return err
	}
	_, err := writer.Write(content)
	return err
}

// seal reads the files of secrets and seals them for the key that the builder gives.
func seal(builder string, secrets pairs) ([]byte, error) {
	res, err := http.Get(builder + "/publickey")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	key := struct {
		KeyID     string `json:"key_id"`
		Algorithm string `json:"algorithm"`
		PublicKey string `json:"public_key"`
	}{}
	if err := json.NewDecoder(res.Body).Decode(&key); err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(key.PublicKey)
	if err != nil || len(raw) != 32 || key.Algorithm != "nacl/box" {
		return nil, fmt.Errorf("no public key: %v", key)
	}
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	sealed := envelope{
		Version:   "v1",
		Algorithm: key.Algorithm,
		KeyID:     key.KeyID,
		PublicKey: base64.StdEncoding.EncodeToString(public[:]),
		Secrets:   map[string]string{},
	}
	for name, file := range secrets {
		value, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		nonce := [24]byte{}
		if _, err := rand.Read(nonce[:]); err != nil {
			return nil, err
		}
		boxed := box.Seal(nonce[:], value, &nonce, (*[32]byte)(raw), private)
		sealed.Secrets[name] = base64.StdEncoding.EncodeToString(boxed)
	}
	return yaml.Marshal(sealed)
}
