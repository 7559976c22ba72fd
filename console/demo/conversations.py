"""Simulated requests: a turn of a chat, a search with an answer, an agent at work."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from console.demo.calls import Mood, call, tokens_in
from console.demo.domain import Domain, Tool, Topic
from console.demo.llms import EMBEDDING, RERANKER, Llm
from console.demo.steps import Message, Step
from console.demo.wording import (
    BRIDGES,
    CLOSINGS,
    CODAS,
    INJECTIONS,
    REFUSALS,
    RUDE,
    capitalised,
    fill,
    personal_details,
)

PERSONAL_SHARE, RUDE_SHARE, INJECTION_SHARE, BESIDE_THE_POINT = 0.07, 0.015, 0.008, 0.12


@dataclass(slots=True)
class Conversation:
    """Someone talks to an assistant about one topic; the words stay the same throughout."""

    domain: Domain
    topic: Topic
    slots: dict[str, str]
    llm: Llm
    instructions: str
    hidden_tokens: int
    random: Random
    _asked: int = 0
    """Which of the topic's questions was asked; an answer in the same place of its list fits it best."""

    @classmethod
    def begin(cls, domain: Domain, llm: Llm, instructions: str, random: Random) -> "Conversation":
        """Choose a topic and its words."""
        slots = {name: random.choice(values) for name, values in domain.slots.items()}
        topic = random.choice(domain.topics)
        return cls(domain, topic, slots, llm, instructions, random.randrange(700, 2_600, 20), random)

    def question(self) -> str:
        """Return the first thing a person says."""
        random = self.random
        if random.random() < INJECTION_SHARE:
            return random.choice(INJECTIONS)
        self._asked = random.randrange(len(self.topic.questions))
        text = random.choice(self.domain.openings) + fill(self.topic.questions[self._asked], self.slots)
        if random.random() < RUDE_SHARE:
            text = random.choice(RUDE) + text
        if random.random() < PERSONAL_SHARE:
            text += personal_details(random)
        return capitalised(text) + random.choice(CLOSINGS)

    def answer(self, question: str) -> str:
        """Return an answer to a first question."""
        if question in INJECTIONS:
            return self.random.choice(REFUSALS)
        answers = self.topic.answers
        # Now and then an assistant answers something else.
        place = (
            self.random.randrange(len(answers)) if self.random.random() < BESIDE_THE_POINT else self._asked
        )
        body = fill(answers[place % len(answers)], self.slots)
        return self.random.choice(BRIDGES) + body + self.random.choice(CODAS)

    def begun(self, question: str) -> list[Message]:
        """Return the messages of a first call."""
        return [{"role": "system", "content": self.instructions}, {"role": "user", "content": question}]

    def turns(self, how_many: int, mood: Callable[[int], Mood]) -> list[Step]:
        """Talk for several turns; each is a request that repeats what was said before."""
        question = self.question()
        messages = self.begun(question)
        answer = self.answer(question)
        later = self.random.sample(self.topic.follow_ups, min(how_many - 1, len(self.topic.follow_ups)))
        steps: list[Step] = []
        for number in range(len(later) + 1):
            step = call(
                self.llm,
                self.random,
                messages=list(messages),
                answer=answer,
                hidden_tokens=self.hidden_tokens,
                mood=mood(number),
                is_streamed=True,
            )
            steps.append(step)
            if step.failure is not None or number == len(later):
                break
            question, answer = (fill(text, self.slots) for text in later[number])
            messages += [*step.output, {"role": "user", "content": capitalised(question)}]
        return steps

    def search(self, mood: Mood) -> Step:
        """Find documents and answer from them."""
        question = self.question()
        passages = [f"[{title}] {text}" for title, text in self._documents()]
        found: list[Message] = [
            {
                "role": "document",
                "content": passage,
                "id": f"{self.domain.name}-{self.topic.name}-{number}",
                "score": round(self.random.uniform(0.55, 0.95) - number * 0.04, 3),
            }
            for number, passage in enumerate(passages)
        ]
        asked: list[Message] = [{"role": "input", "content": question}]
        embed = Step(
            name=f"embeddings {EMBEDDING}",
            kind="embedding",
            duration_us=self.random.randrange(45_000, 190_000),
            input=asked,
            model=EMBEDDING,
            served=EMBEDDING,
            provider="openai",
            input_tokens=tokens_in(question),
        )
        retrieve = Step(
            name=f"search {self.domain.name} documents",
            kind="retriever",
            duration_us=self.random.randrange(12_000, 90_000),
            lead_us=2_000,
            input=asked,
            output=found,
        )
        steps = [embed, retrieve]
        if self.random.random() < 0.35:
            best = sorted(found, key=lambda document: -float(document["score"]))[:2]
            steps.append(
                Step(
                    name="rerank",
                    kind="reranker",
                    duration_us=self.random.randrange(60_000, 220_000),
                    lead_us=1_000,
                    input=[*asked, *found],
                    output=best,
                    model=RERANKER,
                    served=RERANKER,
                    provider="cohere",
                )
            )
        context = "Answer from these documents:\n" + "\n".join(passages)
        messages = self.begun(question)
        messages[0] = {"role": "system", "content": f"{self.instructions}\n\n{context}"}
        answering = call(
            self.llm,
            self.random,
            messages=messages,
            answer=self.answer(question),
            hidden_tokens=self.hidden_tokens // 3,
            mood=mood,
            is_streamed=self.random.random() < 0.5,
        )
        root = Step(
            name=f"{self.domain.assistant} answers from documents",
            kind="chain",
            steps=[*steps, answering],
            input=asked,
            output=_said(answering),
            failure=answering.failure,
        )
        return root.enclose(self.random.randrange(2_000, 20_000))

    def agent(self, mood: Mood) -> Step:
        """Answer with tools, one after the other; a call that fails is tried once more."""
        question = self.question()
        messages = self.begun(question)
        steps: list[Step] = []
        how_many = self.random.choice((1, 1, 2, 2, 3))
        for tool in self.random.sample(self.domain.tools, min(how_many, len(self.domain.tools))):
            request = _tool_call(tool, self.slots, self.random)
            deciding = self._agent_call(messages, mood, tool_call=request)
            steps.append(deciding)
            if deciding.failure is not None:
                deciding = self._agent_call(messages, mood, tool_call=request, may_fail=False)
                steps.append(deciding)
            result = fill(json.dumps(dict(self.random.choice(tool.results))), self.slots)
            steps.append(self._use(tool, request, result))
            messages += [
                *deciding.output,
                {"role": "tool", "tool_call_id": request["id"], "content": result},
            ]
        concluding = self._agent_call(messages, mood, answer=self.answer(question))
        steps.append(concluding)
        root = Step(
            name=f"{self.domain.assistant} agent",
            kind="agent",
            steps=steps,
            input=[{"role": "input", "content": question}],
            output=_said(concluding),
            failure=concluding.failure,
        )
        return root.enclose(self.random.randrange(1_000, 30_000))

    def _agent_call(
        self,
        messages: list[Message],
        mood: Mood,
        *,
        answer: str | None = None,
        tool_call: Message | None = None,
        may_fail: bool = True,
    ) -> Step:
        return call(
            self.llm,
            self.random,
            messages=list(messages),
            answer=answer,
            tool_call=tool_call,
            hidden_tokens=self.hidden_tokens,
            mood=mood,
            tools=self.domain.tools,
            may_fail=may_fail,
        )

    def _use(self, tool: Tool, request: Message, result: str) -> Step:
        return Step(
            name=tool.name,
            kind="tool",
            duration_us=int(self.random.lognormvariate(11.6, 0.8)),
            lead_us=self.random.randrange(500, 4_000),
            input=[{"role": "input", "content": request["function"]["arguments"]}],
            output=[{"role": "output", "content": result}],
            tool_call_id=str(request["id"]),
        )

    def _documents(self) -> list[tuple[str, str]]:
        others = [
            document
            for topic in self.domain.topics
            if topic is not self.topic
            for document in topic.documents
        ]
        chosen = [*self.topic.documents, *self.random.sample(others, min(2, len(others)))]
        return [(fill(title, self.slots), fill(text, self.slots)) for title, text in chosen]


def _tool_call(tool: Tool, slots: dict[str, str], random: Random) -> Message:
    arguments = fill(json.dumps(dict(tool.arguments)), slots)
    return {
        "id": f"call_{random.getrandbits(48):012x}",
        "type": "function",
        "function": {"name": tool.name, "arguments": arguments},
    }


def _said(step: Step) -> list[Message]:
    return [
        {"role": "output", "content": message["content"]} for message in step.output if message.get("content")
    ]
