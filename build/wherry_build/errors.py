"""The error tree of the builder.

    BuildError
    ├── InvalidName          a value is no name for what it is used as        exit 2
    ├── ProjectError         the folder of functions cannot be read           exit 2
    │   ├── FunctionsNotFound    no folder with a handler in it
    │   ├── HandlerUnreadable    a handler file is no Python that parses
    │   └── ProjectFileInvalid   wherry.yaml says what cannot be
    ├── UnsafePath           a file that must not enter a build context       exit 2
    ├── ContextTooLarge      more files or bytes than a build context takes   exit 2
    ├── TemplateNotFound     no template of that name                         exit 2
    ├── PluginNotFound       faas-cli has no such plugin                      exit 2
    ├── DestinationExists    scaffolding would overwrite                      exit 2
    ├── ManifestError        a value that no manifest can carry               exit 2
    ├── DeployError          a platform did not take what was deployed
    ├── DestinationNotFound  no such context, or no such namespace there      exit 2
    ├── PlatformUnavailable  no cluster or gateway answers, or lets us in     exit 3
    ├── CertificateError     a certificate cannot be made, or kept            exit 2
    ├── LintError            what is to be linted cannot be read              exit 2
    ├── ExtraMissing         a library that is optional is not installed      exit 3
    ├── RuntimeUnavailable   the installed runtime cannot be packed
    ├── RemoteBuildRefused   what came to the remote builder cannot be built  exit 2
    │   └── SignatureRefused     it is not signed with the payload secret
    ├── KeyFileInvalid       a file with a key or secret cannot be used       exit 2
    ├── RequirementsInvalid  a requirements file or a lock cannot be read     exit 2
    ├── RequirementsUnresolved   no versions fit each other, or no resolver   exit 2
    ├── WheelNotFound        a package has no wheel for the image             exit 2
    ├── WheelRefused         a wheel is broken, unsafe or not what was locked
    ├── IndexUnavailable     no package index answers, or lets us in          exit 3
    ├── RegistryError        a registry did not do what it was asked
    │   ├── RegistryUnavailable  no registry answers, or not as registries do     exit 3
    │   ├── AccessDenied         it wants credentials, or others than it got      exit 3
    │   ├── CredentialsUnreadable    a file or program of credentials is broken   exit 3
    │   ├── ImageNotFound        no such image, or none for that platform         exit 2
    │   ├── ContentRefused       bytes that are not those of the digest, or too many
    │   └── ContentLacking       it does not have what a manifest names
    ├── BaseUnusable         no function can be put on that base image        exit 2
    ├── WheelConflict        two wheels bring one file, and not the same      exit 2
    ├── CacheUnwritable      what was built cannot be kept                    exit 3
    ├── EngineUnavailable    no engine answered                               exit 3
    ├── ImageNotBuilt        what is to be published has not been built       exit 2
    ├── BuildUnsupported     an engine cannot build what is asked for         exit 2
    ├── ContainerFailed      a container did not start, or ended with an error
    ├── ImagePushFailed      the engine could not push an image
    └── ImageBuildFailed     the engine stopped with an error

Each carries what happened, where, what was got and what was expected; `hint` is the next thing to
type. `exit_code` is what the command ends with: 1 failed, 2 the input is wrong, 3 could not start.
"""

from __future__ import annotations


class BuildError(Exception):
    """Root of every error that the builder raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidName(BuildError):  # noqa: N818 - named for the state, as in the tree above
    """A value is no name for what it is used as; says which rule it breaks."""

    exit_code = 2


class ProjectError(BuildError):
    """The folder of functions cannot be read."""

    exit_code = 2


class FunctionsNotFound(ProjectError):  # noqa: N818
    """No folder with a handler in it; the message lists where it was looked for."""


class HandlerUnreadable(ProjectError):  # noqa: N818
    """A handler file is no Python that parses."""


class ProjectFileInvalid(ProjectError):  # noqa: N818
    """wherry.yaml says what cannot be; the message has every fault with its line and column."""


class UnsafePath(BuildError):  # noqa: N818
    """A link out of the folder, a device, or a name that no archive should carry."""

    exit_code = 2


class ContextTooLarge(BuildError):  # noqa: N818
    """More files or bytes than a build context takes."""

    exit_code = 2


class TemplateNotFound(BuildError):  # noqa: N818
    """No template of that name; the message lists those there are."""

    exit_code = 2


class PluginNotFound(BuildError):  # noqa: N818
    """faas-cli has no plugin of that name."""

    exit_code = 2


class DestinationExists(BuildError):  # noqa: N818
    """Scaffolding would overwrite what is there."""

    exit_code = 2


class ManifestError(BuildError):
    """A value that no manifest can carry."""

    exit_code = 2


class LintError(BuildError):
    """What is to be linted is not there or is no text, or a rule is asked for that is none."""

    exit_code = 2


class ExtraMissing(BuildError):  # noqa: N818
    """A library that only this work needs is not installed; the hint installs it."""

    exit_code = 3


class CertificateError(BuildError):
    """A certificate cannot be made, or would take the place of another."""

    exit_code = 2


class DeployError(BuildError):
    """A platform did not take what was deployed, or it never became ready."""


class DestinationNotFound(BuildError):  # noqa: N818
    """There is no such context, or no such namespace in the cluster."""

    exit_code = 2


class PlatformUnavailable(BuildError):  # noqa: N818
    """No cluster or gateway answers, or it does not let us in."""

    exit_code = 3


class RuntimeUnavailable(BuildError):  # noqa: N818
    """The installed runtime cannot be packed into a wheel."""


class RequirementsInvalid(BuildError):  # noqa: N818
    """A requirements file or a lock cannot be read; says where and what was expected."""

    exit_code = 2


class RequirementsUnresolved(BuildError):  # noqa: N818
    """No versions fit each other, or there is neither uv nor pip to look for them."""

    exit_code = 2


class WheelNotFound(BuildError):  # noqa: N818
    """A package has no wheel that runs where the image does; the hint has the ways out."""

    exit_code = 2


class WheelRefused(BuildError):  # noqa: N818
    """A wheel is broken, unsafe to unpack, or not the one that was locked."""


class IndexUnavailable(BuildError):  # noqa: N818
    """No package index answers, or it does not let us in."""

    exit_code = 3


class RemoteBuildRefused(BuildError):  # noqa: N818
    """What came to the remote builder is no request for a build, or not one that it takes."""

    exit_code = 2


class SignatureRefused(RemoteBuildRefused):
    """A request for a build is not signed with the payload secret."""


class KeyFileInvalid(BuildError):  # noqa: N818
    """A file that should hold a key or a secret does not, or is not there."""

    exit_code = 2


class RegistryError(BuildError):
    """A registry did not do what it was asked; says which registry, and what was asked of it."""


class RegistryUnavailable(RegistryError):  # noqa: N818
    """Nothing answers where the registry should be, or what answers is no registry."""

    exit_code = 3


class AccessDenied(RegistryError):  # noqa: N818
    """A registry wants credentials, or others than it got; never says which they were."""

    exit_code = 3


class CredentialsUnreadable(RegistryError):  # noqa: N818
    """A file of credentials cannot be read; quotes nothing of it."""

    exit_code = 3


class ImageNotFound(RegistryError):  # noqa: N818
    """A registry has no such image, or none for the platform."""

    exit_code = 2


class ContentRefused(RegistryError):  # noqa: N818
    """What a registry sent is not what the digest names, or more than it may be."""


class ContentLacking(RegistryError):  # noqa: N818
    """A registry does not have what a manifest names."""


class BaseUnusable(BuildError):  # noqa: N818
    """A base image has no Python, or nothing tells which; or it is of a kind that is not known."""

    exit_code = 2


class WheelConflict(BuildError):  # noqa: N818
    """Two wheels bring one file, and not the same; says which."""

    exit_code = 2


class CacheUnwritable(BuildError):  # noqa: N818
    """What was built cannot be kept where it should be."""

    exit_code = 3


class EngineUnavailable(BuildError):  # noqa: N818
    """No engine answered; the message says which address was tried."""

    exit_code = 3


class ImageBuildFailed(BuildError):  # noqa: N818
    """The engine stopped with an error; carries the last lines it printed.

    Attributes:
        log: Last lines of the engine's output.
    """

    def __init__(self, message: str, *, log: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class ImageNotBuilt(BuildError):  # noqa: N818
    """There is no build to publish, or its layers are not in the cache any more."""

    exit_code = 2


class BuildUnsupported(BuildError):  # noqa: N818
    """An engine cannot build what is asked for; the hint names one that can."""

    exit_code = 2


class ContainerFailed(BuildError):  # noqa: N818
    """A container did not start, or an engine did not do with it what it was asked."""


class ImagePushFailed(BuildError):  # noqa: N818
    """The engine could not push an image; carries the last lines it printed.

    Attributes:
        log: Last lines of the engine's output.
    """

    def __init__(self, message: str, *, log: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log
