"""A developer platform whose assistant reads the documentation and the status of deployments."""

from console.demo.domain import Domain, Tool, Topic

DEVELOPER = Domain(
    name="developer",
    service="docs-copilot",
    assistant="Copilot",
    feature_chat="docs-chat",
    feature_search="docs-search",
    feature_agent="deploy-doctor",
    instructions=(
        "You help developers who use the Harbour platform. Answer from the documentation. Show short commands in code"
        " blocks. Say so when the documentation does not cover a question.",
        "You help developers who use the Harbour platform. Answer only from the documents given and cite their titles"
        " in brackets. Show short commands in code blocks. When the documents do not cover a question, say so and"
        " name the team to ask.",
    ),
    slots={
        "language": ("Python", "Go", "TypeScript", "Rust", "Java"),
        "service_name": (
            "checkout-api",
            "invoice-worker",
            "search-indexer",
            "image-resizer",
            "auth-gateway",
            "mailer",
        ),
        "region": ("eu-west", "eu-north", "us-east", "ap-south"),
        "code": ("502", "503", "429", "413", "504"),
        "limit": ("256 MiB", "512 MiB", "1 GiB", "2 GiB"),
        "version": ("1.8", "1.9", "2.0", "2.1"),
        "minutes": ("2", "5", "10", "15"),
        "variable": ("DATABASE_URL", "LOG_LEVEL", "CACHE_TTL", "FEATURE_FLAGS"),
    },
    topics=(
        Topic(
            name="deployments",
            questions=(
                "my deployment of $service_name in $region hangs at 'waiting for health check'. What now?",
                "how do I roll $service_name back to the previous release?",
                "$service_name answers with $code since the last deploy.",
                "can I deploy $service_name to $region and keep the old version for 10% of the traffic?",
            ),
            answers=(
                "A deployment waits until the health check has answered 200 three times in a row [Health checks]. Look"
                " at the first failing attempt with `harbour logs $service_name --region $region --since ${minutes}m`."
                " The usual cause is a listener on localhost instead of 0.0.0.0.",
                "Run `harbour rollback $service_name --region $region`. It takes about ${minutes} minutes, keeps the"
                " database as it is, and puts the failed release into quarantine so that it is not deployed again by"
                " accident [Rollbacks].",
                "A $code right after a deploy means that the router found no healthy instance. Compare the memory limit"
                " ($limit) with what the new release needs: `harbour top $service_name` shows both [Limits].",
            ),
            follow_ups=(
                (
                    "it says OOMKilled in the events",
                    "Then $limit is not enough. Raise it in `harbour.yaml` under `resources.memory` and redeploy; the change needs no approval below 2 GiB.",
                ),
                (
                    "does a rollback also undo the migration?",
                    "No. Migrations are never undone by a rollback [Rollbacks]. Write them so that the previous release can still run, or restore a snapshot.",
                ),
                (
                    "and how do I see who deployed it?",
                    "`harbour history $service_name` lists the last fifty deployments with author, commit and duration.",
                ),
            ),
            documents=(
                (
                    "Health checks",
                    "An instance is healthy after three consecutive 200 answers on the configured path. The default path is /healthz, the interval 5 s and the deadline 60 s.",
                ),
                (
                    "Rollbacks",
                    "A rollback starts the previous image next to the present one, moves the traffic when it is healthy and quarantines the failed release. Data is not touched.",
                ),
                (
                    "Traffic splitting",
                    "`harbour route --split new=90,old=10` sends a share of requests to each release. Sessions are sticky by cookie.",
                ),
            ),
        ),
        Topic(
            name="configuration",
            questions=(
                "where do I set $variable for $service_name?",
                "how do I share $variable between two services in $region?",
                "is $variable encrypted? It contains a password.",
                "my $language service does not see $variable at start",
            ),
            answers=(
                "Set it with `harbour env set $service_name $variable=…` and redeploy; a running instance keeps the"
                " values it started with [Environment]. Values are encrypted at rest and never shown again.",
                "Create a group with `harbour env group create shared --region $region`, put $variable in it and attach"
                " it to both services. A service's own value wins over the group's [Environment].",
                "Secrets belong in `harbour secret`, not in the environment: they are mounted as files, rotated without"
                " a restart and left out of crash reports [Secrets].",
            ),
            follow_ups=(
                (
                    "does that restart the service?",
                    "Changing $variable alone does not. `harbour env set --restart` rolls the instances one after the other.",
                ),
                (
                    "how do I read it in $language?",
                    "It is an ordinary environment variable. In $language read it once at the start and fail with a clear message when it is missing.",
                ),
            ),
            documents=(
                (
                    "Environment",
                    "Variables are set per service or in groups. Order of precedence: command line, service, group. The total size is limited to 32 KiB.",
                ),
                (
                    "Secrets",
                    "Secrets are files under /run/secrets. They are rotated in place; watch the file or read it on every use.",
                ),
            ),
        ),
        Topic(
            name="limits",
            questions=(
                "we get $code from the gateway at peak times. Which limit is that?",
                "how many requests per second can $service_name take in $region?",
                "can the upload limit be raised for $service_name?",
                "what happens when $service_name goes over $limit of memory?",
            ),
            answers=(
                "The gateway answers $code when a service has more than 200 requests waiting. Add instances with"
                " `harbour scale $service_name --min 3 --max 12`, or turn on the queue if your callers can wait"
                " [Limits].",
                "In $region one small instance takes about 350 requests per second of 10 ms. Measure with `harbour load"
                " $service_name --rps 500 --for ${minutes}m` in a preview environment, which is free [Load tests].",
                "An instance that needs more than $limit is stopped and started again within three seconds. Two such"
                " restarts within ${minutes} minutes page the owner [Limits].",
            ),
            follow_ups=(
                (
                    "is there a way to be warned before?",
                    "Yes: `harbour alert add $service_name --metric memory --above 80%`. The alert goes to the channel of the owning team.",
                ),
                (
                    "does autoscaling cover this?",
                    "It reacts to CPU and to waiting requests, not to memory. Memory has to be set by hand [Limits].",
                ),
            ),
            documents=(
                (
                    "Limits",
                    "Waiting requests: 200 per service. Body: 10 MiB. Memory: as configured, default 512 MiB. Request time: 60 s. All but the body can be raised by the owner.",
                ),
                (
                    "Load tests",
                    "Load tests run against previews only. A report with percentiles and saturation points is kept for 90 days.",
                ),
            ),
        ),
        Topic(
            name="sdk",
            questions=(
                "how do I retry with the $language SDK $version?",
                "the $language client throws a timeout after ${minutes} minutes. Can I change that?",
                "does version $version of the $language SDK support streaming?",
                "what changed between $version and 2.2 of the $language SDK?",
            ),
            answers=(
                "From $version on the $language client retries idempotent calls twice with backoff. For others pass"
                " `retry=Always(max_attempts=4)` and an idempotency key [SDK guide].",
                "Pass `timeout` to the client or to a single call; the default is ${minutes} minutes for uploads and 30"
                " seconds for everything else [SDK guide].",
                "The documents do not say which release of the $language SDK introduced streaming. Please ask the team"
                " #sdk-$language; the changelog of $version mentions only uploads [Changelog].",
            ),
            follow_ups=(
                (
                    "can you show an example?",
                    "```\nclient = Harbour(timeout=30)\nclient.jobs.create(name='nightly', retry=Always(max_attempts=4))\n```\nThe call returns the job's id, which is also the idempotency key.",
                ),
                (
                    "and for async code?",
                    "The same options exist on the async client. Close it with `aclose()` or use it as a context manager.",
                ),
            ),
            documents=(
                (
                    "SDK guide",
                    "Clients are safe to share between threads. Timeouts, retries and idempotency keys can be set on the client or per call.",
                ),
                (
                    "Changelog",
                    "2.2: cursor pagination. 2.1: resumable uploads. 2.0: dropped Python 3.8. 1.9: retry policies.",
                ),
            ),
        ),
    ),
    tools=(
        Tool(
            name="deployment_events",
            description="List the newest events of a deployment.",
            arguments={"service": "$service_name", "region": "$region", "limit": 5},
            results=(
                {"events": ["image pulled", "health check failed (connection refused)", "instance stopped"]},
                {
                    "events": ["image pulled", "instance started", "OOMKilled", "restarting"],
                    "memory_limit": "$limit",
                },
                {"events": ["image pulled", "healthy", "traffic moved"], "took_minutes": "$minutes"},
            ),
        ),
        Tool(
            name="read_logs",
            description="Return log lines that match a pattern.",
            arguments={"service": "$service_name", "pattern": "error|fatal", "since_minutes": "$minutes"},
            results=(
                {"lines": ["fatal: $variable is not set", "exit status 1"]},
                {"lines": ["error: upstream answered $code", "error: pool exhausted after 30 s"]},
            ),
        ),
        Tool(
            name="scale",
            description="Change how many instances run.",
            arguments={"service": "$service_name", "min": 3},
            results=({"service": "$service_name", "instances": 3},),
        ),
    ),
)
