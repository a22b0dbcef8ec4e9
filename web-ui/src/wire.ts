// Made by `npm run wire` from openapi.json. Never edited by hand.

export interface paths {
    "/api/about": {
        /** What this box is. */
        get: operations["about"];
    };
    "/api/about/bill": {
        /** The software bill of materials of the image: CycloneDX, as it was built in. */
        get: operations["bill"];
    };
    "/api/about/terms/{package}": {
        /** A package's copyright file, and behind it the shared licences that it names. */
        get: operations["terms"];
    };
    "/api/agents": {
        /** All agents, by name. */
        get: operations["agents"];
        /**
         * Signs an agent in or out, pauses or resumes them. What came of it is told as an event; one who
         *     is in a call does it after the call.
         */
        post: operations["wish"];
    };
    "/api/audio": {
        /** All sound devices, by name; at most a second old. */
        get: operations["sounds"];
    };
    "/api/audio/{device}": {
        /**
         * Calls, answers or hangs up with a phone that the box makes of a sound card. What does not fit what
         *     goes on there is passed over.
         */
        post: operations["act"];
    };
    "/api/bans": {
        /** The sources that are met with silence, by address; at most a second old. */
        get: operations["bans"];
    };
    "/api/bans/{address}": {
        /** Lifts a ban: the source is answered again like any stranger, and what it did is forgotten. */
        delete: operations["lift"];
    };
    "/api/call-backs": {
        /** Calls that are owed, in the order in which they were promised; of many the first hundred. */
        get: operations["call_backs"];
    };
    "/api/call-backs/{call}": {
        /**
         * Takes a promise back: nobody is called, and a record says so. One whose phone rings already is
         *     let go.
         */
        delete: operations["cancel"];
    };
    "/api/events": {
        /**
         * What happens, as server-sent events. Each has an id; a browser that comes back with
         *     `Last-Event-ID` gets what it missed, or a `snapshot` where that is not kept any more.
         */
        get: operations["events"];
    };
    "/api/live": {
        /** Calls that run now, oldest first. */
        get: operations["live"];
    };
    "/api/openapi.json": {
        /** This document. */
        get: operations["openapi"];
    };
    "/api/password": {
        /** Set the password after the one-time code, or change it. Every other session ends. */
        post: operations["set_password"];
    };
    "/api/queues": {
        /** All queues, by name. */
        get: operations["queues"];
    };
    "/api/records": {
        /** Records, newest first, a page at a time. */
        get: operations["list"];
    };
    "/api/records/hours": {
        /** Calls by hour. */
        get: operations["hours"];
    };
    "/api/records/{id}": {
        /** One record. */
        get: operations["one"];
    };
    "/api/records/{id}/recording": {
        /**
         * The recording of a call as a WAV file, stereo: caller left, box right. Works while the call runs:
         *     what is there at the request is the whole.
         */
        get: operations["audio"];
    };
    "/api/records/{id}/wave": {
        /** The outline of a recording, for a picture of it. */
        get: operations["wave"];
    };
    "/api/session": {
        /** How this browser stands. */
        get: operations["session"];
    };
    "/api/sign-in/code": {
        /** Sign in with the one-time code of a first start; what follows is setting a password. */
        post: operations["with_code"];
    };
    "/api/sign-in/password": {
        /** Sign in with the password. */
        post: operations["with_password"];
    };
    "/api/sign-out": {
        /** End this session. */
        post: operations["sign_out"];
    };
    "/api/site": {
        /** The site in force. */
        get: operations["current"];
    };
    "/api/site/apply": {
        /** Put a draft in force for new calls. Committed before it is answered; running calls keep theirs. */
        post: operations["apply"];
    };
    "/api/site/check": {
        /** What is wrong with a draft, at its line and column. Changes nothing. */
        post: operations["check"];
    };
    "/api/site/diff": {
        /** What a draft would change. Changes nothing. */
        post: operations["diff"];
    };
    "/api/site/history": {
        /** Versions of the site, newest first, the one in force among them. */
        get: operations["history"];
    };
    "/api/site/history/{version}": {
        /** The text of one version. */
        get: operations["version"];
    };
    "/api/site/undo": {
        /** Put the version that the present one replaced back in force. Again and again, down to the first. */
        post: operations["undo"];
    };
    "/api/status": {
        /** How the box stands now. */
        get: operations["status"];
    };
}
export interface components {
    schemas: {
        /** @description What this box is. */
        AboutView: {
            image?: null | components["schemas"]["ImageView"];
            /** @description Version of the image; of the program, where that runs on a system of somebody's own. */
            version: string;
        };
        /**
         * @description What an agent wishes.
         * @enum {string}
         */
        ActView: "sign_in" | "sign_out" | "pause" | "resume";
        /** @description An agent. */
        AgentLine: {
            /** @description The name in the site. */
            agent: string;
            /** @description The phone they are signed in at. */
            device?: string | null;
            /** @description As people call them. */
            name: string;
            /** @description The queue whose call they are in. */
            queue?: string | null;
            /** @description Since when they stand there. */
            since: components["schemas"]["i64"];
            skills: string[];
            state: components["schemas"]["AgentStateView"];
            /**
             * @description Calls taken since they signed in.
             */
            taken: number;
            then?: null | components["schemas"]["AgentStateView"];
            why?: null | components["schemas"]["PauseView"];
        };
        /**
         * @description Where an agent stands.
         * @enum {string}
         */
        AgentStateView: "signed_out" | "ready" | "ringing" | "in_call" | "wrap_up" | "paused";
        /** @description An agent wishes to stand elsewhere. */
        AgentWishView: {
            act: components["schemas"]["ActView"];
            /** @description Who, by the name in the site. */
            agent: string;
            /** @description Where they sign in, where it is not their own phone. */
            device?: string | null;
        };
        /** @description All agents. */
        AgentsView: {
            agents: components["schemas"]["AgentLine"][];
        };
        /** @description What is in force now. */
        Applied: {
            version: number;
        };
        /** @description A site text to put in force. */
        Apply: {
            /**
             * @description The version that the draft was based on; refused as stale when another is in force.
             */
            base: number;
            /** @description Why, in a few words. */
            note?: string;
            text: string;
        };
        /** @description A source that is met with silence. */
        BanLine: {
            /** @description The IP address; of an IPv6 source the first of its /64, all of which is banned. */
            address: string;
            /**
             * @description Requests of it that were ignored meanwhile.
             */
            ignored: number;
            since: components["schemas"]["i64"];
            /**
             * @description How often it was banned lately, this time included; each time is twice as long.
             */
            times: number;
            until: components["schemas"]["i64"];
            why: components["schemas"]["BanReasonView"];
        };
        /**
         * @description What a source did.
         * @enum {string}
         */
        BanReasonView: "scanner" | "guessing" | "probing";
        /** @description All bans. */
        BansView: {
            bans: components["schemas"]["BanLine"][];
        };
        /** @description The black box. */
        BlackBoxStateView: {
            /**
             * @description How often it had to wait since the box started.
             */
            gaps: number;
            /** @description What happens now is recorded; else it waits for a moment without calls. */
            recording: boolean;
        };
        /** @description A call that is owed to somebody. */
        CallBackLine: {
            /** @description The id of the call in which it was promised. */
            call: string;
            /** @description Who is called, all but the ends of the number hidden. */
            caller: string;
            due?: null | components["schemas"]["i64"];
            /** @description An agent's phone rings for them, or theirs does. */
            is_calling: boolean;
            /** @description Their place in the queue, counted from 1, while they stand there. */
            position?: number | null;
            /** @description The queue whose agents call back. */
            queue: string;
            /** @description Since when they wait, the time before the promise included. */
            since: components["schemas"]["i64"];
            /**
             * @description How often they were called.
             */
            tries: number;
            /** @description When the promise is given up. */
            until: components["schemas"]["i64"];
        };
        /** @description Calls that are owed. */
        CallBacksView: {
            call_backs: components["schemas"]["CallBackLine"][];
        };
        /** @description A running call. */
        CallView: {
            agent?: string | null;
            answered?: null | components["schemas"]["i64"];
            digits: string;
            direction: components["schemas"]["DirectionView"];
            emotion?: null | components["schemas"]["EmotionView"];
            flow: string;
            from: string;
            /** @description UUIDv7, the id of its record later. */
            id: string;
            started: components["schemas"]["i64"];
            state: components["schemas"]["StateView"];
            step: string;
            to: string;
            transcript: components["schemas"]["PhraseView"][];
            trunk: string;
        };
        /** @description One direction of a sound card. */
        CardLine: {
            /** @description Why it is absent, in words; it is there where nothing is said. */
            absent?: string | null;
            /**
             * @description How much faster its clock runs than the box's, millionths.
             */
            drift_ppm: number;
            /**
             * @description Times it had more than could be taken.
             */
            overruns: number;
            /**
             * @description Its rate, Hz.
             */
            rate?: number | null;
            /**
             * @description Times it ran out of samples.
             */
            underruns: number;
        };
        /**
         * @description What became of a line.
         * @enum {string}
         */
        Change: "same" | "removed" | "added";
        /** @description What the check says of a draft. */
        Checked: {
            findings: components["schemas"]["Finding"][];
            /** @description No errors; warnings do not count. */
            good: boolean;
            names?: null | components["schemas"]["NamesView"];
        };
        /** @description The one-time code, as typed. */
        CodeForm: {
            code: string;
        };
        /** @description One line of a difference. */
        DiffLine: {
            change: components["schemas"]["Change"];
            /**
             * @description Line number in the new text, from 1; absent for a removed line.
             */
            new?: number | null;
            /**
             * @description Line number in the old text, from 1; absent for an added line.
             */
            old?: number | null;
            text: string;
        };
        /** @description All lines of both texts. */
        DiffView: {
            /**
             * @description The version in force that the draft was compared with.
             */
            base: number;
            lines: components["schemas"]["DiffLine"][];
        };
        /**
         * @description Which way a call went.
         * @enum {string}
         */
        DirectionView: "inbound" | "outbound" | "internal";
        /** @description A site text to look at. */
        Draft: {
            text: string;
        };
        /** @description An advisory emotion label. */
        EmotionView: {
            /** @description Label of the pack's card, e.g. `angry`. */
            label: string;
            /**
             * @description 0..=1.
             */
            score: number;
        };
        /** @description One thing found in a site text. */
        Finding: {
            /**
             * @description From 1, in characters.
             */
            column: number;
            /** @description The way out; may be empty. */
            hint: string;
            /**
             * @description From 1.
             */
            line: number;
            message: string;
            severity: components["schemas"]["SeverityView"];
        };
        /** @description Who took a call, and how its time was spent. */
        HandledView: {
            /** @description The agent who spoke last with the caller, or who called. */
            agent?: string | null;
            /** @description The phone, or the number outside, that answered last. */
            answered_by?: string | null;
            /**
             * @description From the answer to the end.
             */
            bill_ms: number;
            /** @description The id of the call in which this one was promised. */
            call_back_of?: string | null;
            /** @description The caller took the offer to be called back. */
            call_back_promised: boolean;
            /**
             * @description By the site's prices, thousandths.
             */
            cost: number;
            direction: components["schemas"]["DirectionView"];
            hold_ms: number;
            queue?: string | null;
            ring_ms: number;
            talk_ms: number;
            wait_ms: number;
        };
        /** @description Earlier versions, newest first. */
        HistoryView: {
            versions: components["schemas"]["VersionView"][];
        };
        /** @description Calls that started within one hour. */
        HourView: {
            answered: number;
            calls: number;
        };
        /** @description Calls by hour, and the sums over all of them. */
        HoursView: {
            answered: number;
            /**
             * @description Over the answered calls, milliseconds.
             */
            average_talk_ms: number;
            /** @description One per hour from `from` on. */
            hours: components["schemas"]["HourView"][];
            /** @description There are more calls than are counted here. */
            is_cut: boolean;
            total: number;
        };
        /** @description The firmware image. */
        ImageView: {
            /** @description The board it was built for. */
            board: string;
            update?: null | components["schemas"]["UpdateView"];
            /** @description `release` or `dev`. */
            variant: string;
        };
        /** @description The link to central. */
        LinkStateView: {
            connected: boolean;
            last_ack?: null | components["schemas"]["i64"];
            /** @description No central is configured. */
            standalone: boolean;
            /**
             * @description Records sent and not acknowledged yet.
             */
            unacked: number;
        };
        /** @description Calls that run now. */
        LiveView: {
            calls: components["schemas"]["CallView"][];
        };
        /** @description Names that a site text may refer to, for completion. */
        NamesView: {
            agents: string[];
            devices: string[];
            flows: string[];
            prompts: string[];
            queues: string[];
            /** @description Skills that an agent has. */
            skills: string[];
            /** @description As `flow/step`. */
            steps: string[];
            /** @description Carrier templates that a trunk may follow. */
            templates: string[];
            trunks: string[];
        };
        /** @description A new password; whoever is signed in already names the present one too. */
        NewPasswordForm: {
            new: string;
            present?: string | null;
        };
        /** @description The data of every event of `/api/events`; the event's name is its `type`. */
        News: {
            agents: components["schemas"]["AgentLine"][];
            call_backs: components["schemas"]["CallBackLine"][];
            calls: components["schemas"]["CallView"][];
            queues: components["schemas"]["QueueLine"][];
            /** @enum {string} */
            type: "snapshot";
        } | {
            call: components["schemas"]["CallView"];
            /** @enum {string} */
            type: "call";
        } | {
            record: components["schemas"]["RecordView"];
            /** @enum {string} */
            type: "ended";
        } | {
            record: components["schemas"]["RecordView"];
            /** @enum {string} */
            type: "saved";
        } | {
            /** @enum {string} */
            type: "site";
            version: number;
        } | {
            agent: components["schemas"]["AgentLine"];
            /** @enum {string} */
            type: "agent";
        } | {
            queue: components["schemas"]["QueueLine"];
            /** @enum {string} */
            type: "queue";
        } | {
            agents: components["schemas"]["AgentLine"][];
            queues: components["schemas"]["QueueLine"][];
            /** @enum {string} */
            type: "staff";
        } | {
            call_backs: components["schemas"]["CallBackLine"][];
            /** @enum {string} */
            type: "call_backs";
        } | {
            refusal: components["schemas"]["RefusalLine"];
            /** @enum {string} */
            type: "refused";
        };
        /** @description Records that central has not acknowledged. */
        OutboxView: {
            /**
             * @description Records that central refused; they stay on the box.
             */
            dead_letters: number;
            depth: number;
            oldest?: null | components["schemas"]["i64"];
        };
        /** @description Who spoke with whom. */
        PartiesView: {
            from: string;
            /** @description The SIP Call-ID, to find it in the carrier's traces. */
            sip_call_id: string;
            to: string;
            trunk: string;
        };
        /** @description The password, as typed. */
        PasswordForm: {
            password: string;
        };
        /** @description What the flow did with the caller. */
        PathView: {
            digits: string;
            flow: string;
            /** @description Steps entered, in order, as `flow/step`. */
            steps: string[];
            target?: string | null;
        };
        /**
         * @description Why an agent takes no calls.
         * @enum {string}
         */
        PauseView: "own" | "unanswered" | "unreachable";
        /** @description One recognised phrase. */
        PhraseView: {
            /**
             * @description Start, milliseconds after the answer.
             */
            at_ms: number;
            /**
             * @description 0..=1, the engine's own.
             */
            confidence: number;
            /** @description Dialect label of the pack, e.g. `zh`. */
            dialect: string;
            emotion?: null | components["schemas"]["EmotionView"];
            length_ms: number;
            words: string;
        };
        /** @description A refusal. */
        Problem: {
            /** @description What happened here. */
            detail: string;
            /** @description What the check found in a refused site text. */
            findings?: components["schemas"]["Finding"][];
            /** @description The way out. */
            hint?: string | null;
            /**
             * @description Seconds until it is worth trying again.
             */
            retry_after?: number | null;
            /**
             * @description HTTP status.
             */
            status: number;
            /** @description The name in words. */
            title: string;
            /**
             * @description Wrong tries that are left before a lock.
             */
            tries_left?: number | null;
            /** @description Stable name: `urn:branchline:` and a word, e.g. `urn:branchline:stale`. */
            type: string;
        };
        /** @description What the media path counted on the caller's leg. */
        QualityView: {
            jitter_ms: number;
            lost: number;
            /**
             * @description How the caller sounded here, by the E-model, 1 to 4.5.
             */
            mos?: number | null;
            packets_in: number;
            packets_out: number;
            /**
             * @description How the box sounded to the caller, where the caller's side reports it.
             */
            remote_mos?: number | null;
        };
        /** @description A queue. */
        QueueLine: {
            /** @description Agents signed in who serve it. */
            agents: number;
            longest?: null | components["schemas"]["i64"];
            queue: string;
            /** @description Those of them who are free. */
            ready: number;
            /** @description Those of them for whom a phone rings. */
            ringing: number;
            /** @description Callers who wait. */
            waiting: number;
        };
        /** @description All queues. */
        QueuesView: {
            queues: components["schemas"]["QueueLine"][];
        };
        /** @description Everything remembered of one call. */
        RecordView: {
            /** @description Why it ended, e.g. `caller_hung_up`. */
            cause: string;
            /** @description `voice` for a call. */
            channel: string;
            emotion?: null | components["schemas"]["EmotionView"];
            handled: components["schemas"]["HandledView"];
            id: string;
            parties: components["schemas"]["PartiesView"];
            path: components["schemas"]["PathView"];
            quality: components["schemas"]["QualityView"];
            recording?: null | components["schemas"]["RecordingView"];
            times: components["schemas"]["TimesView"];
            transcript: components["schemas"]["PhraseView"][];
        };
        /** @description A finished audio file; its bytes are at `/api/records/{id}/recording`. */
        RecordingView: {
            /**
             * @description 20 ms frames that the recorder had to drop.
             */
            gaps: number;
            length_ms: number;
        };
        /** @description One page of records, newest first. */
        RecordsView: {
            /** @description Give it as `after` for the next page; absent on the last. */
            next?: string | null;
            records: components["schemas"]["RecordView"][];
        };
        /** @description A call to the outside that protection refused or cut off. */
        RefusalLine: {
            /** @description The id of its record. */
            call: string;
            /** @description It ran already and was cut off. */
            cut: boolean;
            /** @description The phone that wanted it. */
            device?: string | null;
            to: string;
            /** @description The trunk whose limit was reached. */
            trunk?: string | null;
            why: components["schemas"]["RefusalView"];
        };
        /**
         * @description Why a call to the outside was refused.
         * @enum {string}
         */
        RefusalView: "no_outbound" | "destination" | "hours" | "calls" | "rate" | "no_price" | "money";
        /** @enum {string} */
        SessionState: "signed_out" | "must_set_password" | "signed_in";
        /** @description How the browser stands with the box. */
        SessionView: {
            /** @description A development image: whoever stands before the box has its console. */
            dev: boolean;
            /** @description No password was ever set: sign in with the one-time code of the console. */
            first_start: boolean;
            state: components["schemas"]["SessionState"];
        };
        /**
         * @description Whether a finding stops Apply.
         * @enum {string}
         */
        SeverityView: "error" | "warning";
        /** @description The site that is in force. */
        SiteView: {
            applied?: null | components["schemas"]["i64"];
            names: components["schemas"]["NamesView"];
            text: string;
            /**
             * @description The version it replaced, to which Undo goes back.
             */
            undo_to?: number | null;
            /**
             * @description Number of the applied text; 0 while none was ever applied.
             */
            version: number;
        };
        /** @description What somebody does at a phone of the box's own. */
        SoundAct: {
            /** @enum {string} */
            act: "dial";
            to?: string | null;
        } | {
            /** @enum {string} */
            act: "answer";
        } | {
            /** @enum {string} */
            act: "hang_up";
        };
        /** @description A phone that the box makes of its sound cards, or a line in. */
        SoundLine: {
            capture?: null | components["schemas"]["CardLine"];
            /** @description The name in the site. */
            device: string;
            /** @description The phone rings, calls or speaks. */
            is_busy: boolean;
            /** @description It is a phone; a line in else. */
            is_phone: boolean;
            /** @description The phone can be called. */
            is_registered: boolean;
            playback?: null | components["schemas"]["CardLine"];
        };
        /** @description All sound devices. */
        SoundsView: {
            devices: components["schemas"]["SoundLine"][];
        };
        /**
         * @description Where a call stands.
         * @enum {string}
         */
        StateView: "ringing" | "in_flow" | "in_queue" | "transferring" | "talking" | "on_hold" | "ending";
        /** @description How the box stands. */
        StatusView: {
            black_box: components["schemas"]["BlackBoxStateView"];
            link: components["schemas"]["LinkStateView"];
            live_calls: number;
            outbox: components["schemas"]["OutboxView"];
            /** @description The branch's name, from the site. */
            site: string;
            /** @description Names of the trunks of the site in force. */
            trunks: string[];
            /** @description Version of the software. */
            version: string;
        };
        /** @description Wall-clock times of a call. */
        TimesView: {
            answered?: null | components["schemas"]["i64"];
            ended: components["schemas"]["i64"];
            started: components["schemas"]["i64"];
            /**
             * @description Answer to end, 0 for an unanswered call.
             */
            talk_ms: number;
        };
        /** @description A wish to go back to the version before. */
        Undo: {
            /**
             * @description The version to undo; refused as stale when another is in force.
             */
            base: number;
        };
        /**
         * @description `checking` and `installing` go on while calls run; `written` waits for its turn, `draining` for calls to end;
         *     `trying` is not proved yet; `refused`, `failed`, `healthy` and `rolled_back` are ends.
         * @enum {string}
         */
        UpdatePhase: "checking" | "refused" | "installing" | "failed" | "written" | "draining" | "trying" | "healthy" | "rolled_back";
        /** @description How an update fares. */
        UpdateView: {
            /**
             * @description Of what is fetched, then of what is written: 0 to 100.
             */
            percent: number;
            /** @description How far it is. */
            phase: components["schemas"]["UpdatePhase"];
            /**
             * @description When the phase began, ms since 1970 UTC.
             */
            since_unix_ms: number;
            /** @description Its version, once its signature was found good. */
            version?: string | null;
            /** @description Why it was refused, failed or taken back. */
            why?: string | null;
        };
        /** @description One version of the site with its text. */
        VersionText: {
            text: string;
            version: number;
        };
        /** @description One version of the site. */
        VersionView: {
            applied: components["schemas"]["i64"];
            is_current: boolean;
            note: string;
            version: number;
        };
        /** @description The outline of a recording. */
        WaveView: {
            /**
             * @description Length of what there is, milliseconds.
             */
            length_ms: number;
            /** @description For each channel (caller, box) the loudest sample of each equal part, 0..=100. */
            peaks: number[][];
        };
        i64: number;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export interface operations {
    about: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["AboutView"];
                };
            };
        };
    };
    bill: {
        responses: {
            200: {
                content: {
                    "application/vnd.cyclonedx+json": string;
                };
            };
            /** @description this box carries none */
        };
    };
    terms: {
        parameters: {
            path: {
                /** @description name of a Debian package */
                package: string;
            };
        };
        responses: {
            200: {
                content: {
                    "text/plain": string;
                };
            };
            /** @description the image has no such package */
        };
    };
    agents: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["AgentsView"];
                };
            };
        };
    };
    wish: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["AgentWishView"];
            };
        };
        responses: {
            /** @description it is being done */
            202: {
            };
            /** @description there is no such agent */
            /** @description the agent is signed out */
            /** @description too many wish something at once */
        };
    };
    sounds: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SoundsView"];
                };
            };
        };
    };
    act: {
        parameters: {
            path: {
                /** @description the name in the site */
                device: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SoundAct"];
            };
        };
        responses: {
            /** @description it is being done */
            202: {
            };
            /** @description the number cannot be dialled */
            /** @description there is no such phone */
            /** @description too many wish something at once */
        };
    };
    bans: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["BansView"];
                };
            };
        };
    };
    lift: {
        parameters: {
            path: {
                /** @description as listed */
                address: string;
            };
        };
        responses: {
            /** @description it is being done */
            202: {
            };
            /** @description this source is not banned */
            /** @description too many bans are lifted at once */
        };
    };
    call_backs: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["CallBacksView"];
                };
            };
        };
    };
    cancel: {
        parameters: {
            path: {
                /** @description id of the call in which it was promised */
                call: string;
            };
        };
        responses: {
            /** @description it is being done */
            202: {
            };
            /** @description no call-back is owed for this call */
            /** @description too many are taken back at once */
        };
    };
    events: {
        parameters: {
            header?: {
                /** @description id of the last event received */
                "Last-Event-ID"?: string | null;
            };
        };
        responses: {
            200: {
                content: {
                    "text/event-stream": components["schemas"]["News"];
                };
            };
            /** @description too many listen already */
        };
    };
    live: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["LiveView"];
                };
            };
        };
    };
    openapi: {
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
            };
        };
    };
    set_password: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPasswordForm"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    queues: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["QueuesView"];
                };
            };
        };
    };
    list: {
        parameters: {
            query?: {
                /** @description Started at or after, milliseconds since 1970 UTC. A day is the reader's midnight to midnight. */
                from?: components["schemas"]["i64"];
                /** @description Started before. */
                to?: components["schemas"]["i64"];
                /** @description Occurs in a number, the digits, the flow, the target or the words. */
                q?: string;
                /** @description At most so many, 1 to 200; 50 when absent. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string;
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["RecordsView"];
                };
            };
        };
    };
    hours: {
        parameters: {
            query: {
                /** @description Start of the first hour, milliseconds since 1970 UTC. */
                from: components["schemas"]["i64"];
                /** @description End of the last hour; at most 31 days after. */
                to: components["schemas"]["i64"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["HoursView"];
                };
            };
        };
    };
    one: {
        parameters: {
            path: {
                /** @description the record's id */
                id: string;
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["RecordView"];
                };
            };
        };
    };
    audio: {
        parameters: {
            query?: {
                /** @description `kept` as they lie in the file (G.711), `pcm` as 16-bit linear, which every browser plays. */
                format?: "kept" | "pcm";
            };
            header?: {
                /** @description `bytes=..`, one part */
                Range?: string | null;
            };
            path: {
                /** @description the record's id */
                id: string;
            };
        };
        responses: {
            200: {
                content: {
                    "audio/wav": number[];
                };
            };
            206: {
                content: {
                    "audio/wav": number[];
                };
            };
        };
    };
    wave: {
        parameters: {
            path: {
                /** @description the record's id */
                id: string;
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["WaveView"];
                };
            };
        };
    };
    session: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    with_code: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeForm"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    with_password: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordForm"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    sign_out: {
        responses: {
            /** @description signed out */
            204: {
            };
        };
    };
    current: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["SiteView"];
                };
            };
        };
    };
    apply: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["Apply"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            /** @description another version is in force than the draft was based on */
            /** @description the text has errors: `findings` */
        };
    };
    check: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["Draft"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Checked"];
                };
            };
        };
    };
    diff: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["Draft"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["DiffView"];
                };
            };
        };
    };
    history: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["HistoryView"];
                };
            };
        };
    };
    version: {
        parameters: {
            path: {
                /** @description its number */
                version: number;
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["VersionText"];
                };
            };
        };
    };
    undo: {
        requestBody: {
            content: {
                "application/json": components["schemas"]["Undo"];
            };
        };
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["Applied"];
                };
            };
            /** @description there is no earlier version */
            /** @description another version is in force than the one to undo */
        };
    };
    status: {
        responses: {
            200: {
                content: {
                    "application/json": components["schemas"]["StatusView"];
                };
            };
        };
    };
}
