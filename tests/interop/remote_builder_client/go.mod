module remote-builder-client

go 1.24.0

require (
	golang.org/x/crypto v0.47.0
	gopkg.in/yaml.v3 v3.0.1
)

require golang.org/x/sys v0.40.0 // indirect
