// Logs in and works with prompts: node prompts-page.mjs URL LOGIN PASSWORD FILE DAMAGED. Needs NODE_PATH with
// playwright-core. Listens to a prompt that ships, uploads FILE, listens to it, deletes it, and uploads DAMAGED, which
// must be refused with its reason. Ends with 1 and says why when something does not come or the page complains.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require(`${process.env.TANDEM_TEST_NODE_PATH}/playwright-core`);
const [url, login, password, file, damaged] = process.argv.slice(2);
const PATIENCE_MS = 20_000;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
});
const complaints = [];
try {
  const page = await browser.newPage({ locale: "es" });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("dialog", (dialog) => dialog.accept());
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`from elsewhere: ${request.url()}`);
  });

  await page.goto(url);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click("button[type=submit]");
  await page.click("a[href='/admin/prompts']");

  await page.fill("#search", "bienvenido");
  await row(page, "es/menu/welcome");
  await row(page, "es/menu/welcome").locator("button").first().click();
  await page.locator("#wave").waitFor();
  if (await blank(page)) complaints.push("no waveform is drawn");

  await page.fill("#id", "prueba");
  await page.setInputFiles("#file", file);
  await page.click("#upload button[type=submit]");
  await page.locator("#done", { hasText: "prueba" }).waitFor();
  await row(page, "es/prueba").locator("button").nth(1).click();
  await page.locator("#done", { hasText: "eliminado" }).waitFor();

  await page.setInputFiles("#file", damaged);
  await page.click("#upload button[type=submit]");
  await page.locator("#problem", { hasText: "damaged" }).waitFor();
} catch (error) {
  complaints.push(String(error));
} finally {
  await browser.close();
}
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);

function row(page, name) {
  return page.locator("#sounds tr", { hasText: name }).first();
}

/* Whether the canvas has one colour only. */
function blank(page) {
  return page.evaluate(() => {
    const canvas = document.getElementById("wave");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.every((value, at) => value === data[at % 4]);
  });
}
