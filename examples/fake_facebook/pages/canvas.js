/* The page around the game: opens it with a signed request, and answers what its SDK asks. */

const { uid, name, title } = document.body.dataset;
const frame = document.getElementById("canvas");
const dialog = document.getElementById("dialog");

async function deed(what, fields = {}) {
  const answer = await fetch(`/canvas/${what}`, { method: "POST", body: new URLSearchParams({ as: uid, ...fields }) });
  if (!answer.ok) throw new Error(`${what}: ${answer.status}`);
  return answer.json();
}

function element(tag, props = {}, ...children) {
  const made = Object.assign(document.createElement(tag), props);
  if (props.testid) made.dataset.testid = props.testid;
  made.append(...children);
  return made;
}

/** A question over the page; the value of the button that was pressed, "" for none. */
function ask(content, buttons) {
  return new Promise((resolve) => {
    let answer = "";
    const row = element("div", { className: "dialog-buttons" }, ...buttons.map(([value, label, className = ""]) =>
      element("button", { type: "button", className, testid: `facebook-${value}`, onclick: () => ((answer = value), dialog.close()) }, label)));
    dialog.replaceChildren(...content, row);
    dialog.onclose = () => resolve(answer);
    dialog.showModal();
    row.querySelector(".main")?.focus();
  });
}

const price = ({ amount, currency }) => {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).format(Number(amount));
  } catch {
    return `${amount} ${currency}`;
  }
};

const answers = {
  status: () => deed("status"),

  async login() {
    const known = await deed("status");
    if (known.status === "connected") return known;
    const picture = element("img", { src: `/picture/${uid}.svg`, alt: "", width: 72, height: 72 });
    const said = await ask([picture, element("h2", {}, `${title} wants to know you`), element("p", {}, "It will see your name, your picture and, if you have given one, your e-mail address.")],
      [["no", "Not now"], ["yes", `Continue as ${name.split(" ")[0]}`, "main"]]);
    return said === "yes" ? deed("authorise") : { status: "not_authorized", authResponse: null };
  },

  async ui({ method, product, quantity = 1, request_id: request = "" }) {
    if (method !== "pay") return { error_code: 100, error_message: "Unknown dialog." };
    const payment = await deed("begin", { product, quantity, request_id: request });
    if (payment.error_code) return payment;
    const content = [element("h2", {}, "Pay with play money"), element("p", { className: "article" }, element("strong", {}, payment.title), element("span", { className: "price" }, price(payment)))];
    if (payment.image) content[1].prepend(element("img", { src: payment.image, alt: "", width: 64, height: 64 }));
    content.push(element("p", { className: "none" }, "This is a fake: no real money, whatever you choose."));
    const said = await ask(content, [["cancel", "Cancel"], ["failed", "My card is declined"], ["initiated", "By bank transfer, later"], ["completed", `Pay ${price(payment)}`, "main"]]);
    const answer = said === "" || said === "cancel" ? await deed("cancel", { payment: payment.id }) : await deed("finish", { payment: payment.id, status: said });
    showPayments();
    return said === "" ? undefined : answer;
  },
};

addEventListener("message", async ({ source, origin, data }) => {
  if (source !== frame.contentWindow || !Object.hasOwn(answers, data?.what)) return;
  let answer;
  try {
    answer = await answers[data.what](data.params);
  } catch (error) {
    answer = { error_code: 2, error_message: String(error.message) };
  }
  source.postMessage({ fake: data.fake, answer }, origin);
});

const DEEDS = { finish: "The transfer has arrived", refund: "Refund", chargeback: "Charge back", reverse: "The bank loses" };

async function showPayments() {
  const { payments } = await deed("payments");
  document.getElementById("no-payments").hidden = payments.length > 0;
  document.getElementById("payments").replaceChildren(...payments.map((payment) => element("li", { testid: `payment-${payment.id}` },
    element("strong", {}, payment.title), element("span", {}, `${price(payment)}, ${payment.state}${payment.told ? "" : " (the game's server has not heard of it yet)"}`),
    element("span", { className: "deeds" }, ...payment.deeds.map((what) => element("button", { type: "button", testid: `payment-${what}`, onclick: async () => {
      await deed(what, { payment: payment.id, ...(what === "finish" && { status: "completed" }) });
      showPayments();
    } }, DEEDS[what]))))));
}

function say(...content) {
  document.getElementById("said").replaceChildren(...content);
}

document.getElementById("remove").onclick = async () => {
  const { told } = await deed("remove");
  say(told[0] === 200 ? "Removed. The game's server was told, and has ended your session." : `Removed; the game's server answered ${told[0]}.`);
};

document.getElementById("forget").onclick = async () => {
  const { told, url } = await deed("forget");
  if (!url) return say(`The game's server answered ${told[0]}.`);
  say("Removed, and the game's server has deleted what it knew. ", element("a", { href: url, target: "_blank", rel: "noopener", testid: "deletion-status" }, "It says so here."));
};

document.getElementById("trouble").onchange = ({ target }) => deed("trouble", { trouble: target.value });

document.getElementById("menu").onclick = ({ currentTarget }) => {
  const open = document.body.classList.toggle("side-open");
  currentTarget.setAttribute("aria-expanded", String(open));
  currentTarget.textContent = open ? "Game" : "You";
};

document.getElementById("launch").submit();
showPayments();
setInterval(() => !document.hidden && showPayments(), 5000);
